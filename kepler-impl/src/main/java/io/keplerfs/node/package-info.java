/**
 * The composition root: reads options, builds every part of a node, and owns its threads, clock and randomness. Nothing below
 * this package makes a thread or looks at a clock by itself.
 */
@NullMarked
package io.keplerfs.node;

import org.jspecify.annotations.NullMarked;
