@NullMarked
package io.keplerfs.register;

import org.jspecify.annotations.NullMarked;
