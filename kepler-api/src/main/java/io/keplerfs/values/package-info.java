/** The few values that the API and the SPIs both speak of: what nodes, writes and chunks are called, and where a node is. */
@NullMarked
package io.keplerfs.values;

import org.jspecify.annotations.NullMarked;
