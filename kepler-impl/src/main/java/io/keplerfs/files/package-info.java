/**
 * One node's {@link io.keplerfs.KeplerCluster}: cuts files into chunks, hashes them, writes and reads manifests, lists and
 * deletes.
 *
 * <p>A put: {@link Upload} stores the chunks, {@link Commit} makes the manifest the key's newest version. A get:
 * {@link ManifestReader} finds the version, {@link ChunkStream} delivers its bytes.
 */
@NullMarked
package io.keplerfs.files;

import org.jspecify.annotations.NullMarked;
