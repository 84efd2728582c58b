/** Telling a host application's listeners, so that none of them harms the library or another one. */
@NullMarked
package io.keplerfs.listen;

import org.jspecify.annotations.NullMarked;
