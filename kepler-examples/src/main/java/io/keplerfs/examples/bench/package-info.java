/** Throughput and latency of a cluster, printed as figures. */
@NullMarked
package io.keplerfs.examples.bench;

import org.jspecify.annotations.NullMarked;
