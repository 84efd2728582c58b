/** What brings copies to where they belong when nobody writes or reads them. */
@NullMarked
package io.keplerfs.repair;

import org.jspecify.annotations.NullMarked;
