/**
 * What a node is built from and a host application may replace: {@link io.keplerfs.spi.Transport} (bytes between nodes),
 * {@link io.keplerfs.spi.Store} (bytes on this node's disk) and {@link io.keplerfs.spi.Membership} (who answers).
 *
 * <p>Each has a contract test suite in the test-jar of this module; an implementation is right when its subclass of the
 * suite passes.
 */
@NullMarked
package io.keplerfs.spi;

import org.jspecify.annotations.NullMarked;
