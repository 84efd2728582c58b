/** Commands of a client: they talk to a running cluster through its HTTP gateways. */
@NullMarked
package io.keplerfs.examples.commands;

import org.jspecify.annotations.NullMarked;
