/** A store without a disk, for simulations, tests and throw-away nodes. */
@NullMarked
package io.keplerfs.memory;

import org.jspecify.annotations.NullMarked;
