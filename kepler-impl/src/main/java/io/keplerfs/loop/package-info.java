/** Time, timers, randomness and the one thread that owns a node's protocol state, as seams a simulator can replace. */
@NullMarked
package io.keplerfs.loop;

import org.jspecify.annotations.NullMarked;
