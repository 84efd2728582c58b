/** Whole nodes, wired as the real ones, in one thread: their disks, their network, their operators and their callers fail. */
@NullMarked
package io.keplerfs.sim.whole;

import org.jspecify.annotations.NullMarked;
