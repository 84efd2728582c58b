/**
 * A node's data directory: chunks as files, metadata in SQLite, and the order of fsyncs that makes an ack true.
 *
 * <p>{@link io.keplerfs.disk.DiskStore} is the door. Behind it: {@code DataDirectory} claims the directory, {@code Metadata}
 * owns {@code meta.db} (one writer that commits in groups, a few readers), {@code Chunks} owns the files. The format is drawn in
 * {@code docs/formats.md} and beside the class that writes each part.
 */
@NullMarked
package io.keplerfs.disk;

import org.jspecify.annotations.NullMarked;
