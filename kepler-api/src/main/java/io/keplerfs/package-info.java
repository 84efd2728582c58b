/**
 * The store as a host application sees it: start a {@link io.keplerfs.KeplerNode}, use its
 * {@link io.keplerfs.KeplerCluster}, put and read files in a {@link io.keplerfs.Bucket}.
 *
 * <p>Every blocking call has an async twin. The type of a {@link io.keplerfs.KeplerException} is the outcome of the call.
 */
@NullMarked
package io.keplerfs;

import org.jspecify.annotations.NullMarked;
