/**
 * Who answers: SWIM with Lifeguard over UDP, full state over TCP on the same port number.
 *
 * <p>{@link io.keplerfs.swim.Detector} and {@link io.keplerfs.swim.Greeter} decide and touch neither clock, socket nor thread;
 * {@link io.keplerfs.swim.SwimMembership} feeds them and carries out what they ask for.
 */
@NullMarked
package io.keplerfs.swim;

import org.jspecify.annotations.NullMarked;
