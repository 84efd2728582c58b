/**
 * A cluster reached over its HTTP gateways: the twin of an embedded node's cluster. Calls carry an {@code Ask} from gateway to
 * gateway until one answers; what the last failure leaves open decides the type of the exception.
 */
@NullMarked
package io.keplerfs.client;

import org.jspecify.annotations.NullMarked;
