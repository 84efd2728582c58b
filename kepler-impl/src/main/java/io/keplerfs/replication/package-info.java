/**
 * How chunks get to their owners and back: pins and fan-out, reads that go on to the next owner, and the durable queue that
 * delivers what a write could not.
 */
@NullMarked
package io.keplerfs.replication;

import org.jspecify.annotations.NullMarked;
