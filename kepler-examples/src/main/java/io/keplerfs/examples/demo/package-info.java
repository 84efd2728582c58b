/** The demo: three nodes, real files, a killed process, and a verdict on every byte. */
@NullMarked
package io.keplerfs.examples.demo;

import org.jspecify.annotations.NullMarked;
