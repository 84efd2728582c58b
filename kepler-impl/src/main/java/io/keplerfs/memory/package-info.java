/** A network and memberships that live in memory, for tests of host applications: real threads, no socket, no file. */
@NullMarked
package io.keplerfs.memory;

import org.jspecify.annotations.NullMarked;
