/**
 * Whether what the callers of one object saw can be explained by an order of their calls. For simulations, where the clock is
 * virtual, and for tests of real clusters from outside, where some calls end without an answer.
 */
@NullMarked
package io.keplerfs.history;

import org.jspecify.annotations.NullMarked;
