/** One node as a process: its settings and its life from start to SIGTERM. */
@NullMarked
package io.keplerfs.examples.daemon;

import org.jspecify.annotations.NullMarked;
