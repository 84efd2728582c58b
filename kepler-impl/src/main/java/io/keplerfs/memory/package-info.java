/** Network, membership and store that live in memory, for tests of host applications: no socket, no file. */
@NullMarked
package io.keplerfs.memory;

import org.jspecify.annotations.NullMarked;
