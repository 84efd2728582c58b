/** The standalone runner {@code kepler} and the example that the README shows. */
@NullMarked
package io.keplerfs.examples;

import org.jspecify.annotations.NullMarked;
