/** Placement: which nodes own which part of the hash space. Pure, and part of the wire format: every node must compute the same. */
@NullMarked
package io.keplerfs.ring;

import org.jspecify.annotations.NullMarked;
