/** Calls between protocol parts of different nodes: message kinds, their handlers, and where a node id leads. */
@NullMarked
package io.keplerfs.rpc;

import org.jspecify.annotations.NullMarked;
