/**
 * What every implementation of an SPI must do. An implementation, ours or a third party's, is tested by a subclass that says how
 * to make one; every test follows from a sentence of the SPI's javadoc.
 */
package io.keplerfs.spi.contract;
