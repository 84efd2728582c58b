/** How values become bytes: bounded readers and growing writers, and the few value formats every message shares. */
@NullMarked
package io.keplerfs.wire;

import org.jspecify.annotations.NullMarked;
