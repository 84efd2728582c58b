/** Whole clusters of the real protocol code in one thread: virtual time, seeded chance, a network and disks that fail. */
@NullMarked
package io.keplerfs.sim;

import org.jspecify.annotations.NullMarked;
