/** Two processes, one lock, one file: what a fencing token is for. */
@NullMarked
package io.keplerfs.examples.locking;

import org.jspecify.annotations.NullMarked;
