/**
 * Who answers: SWIM with Lifeguard over UDP, full state over TCP on the same port number.
 *
 * <p>{@link io.keplerfs.swim.Participant} decides, with a {@link io.keplerfs.swim.Detector} and a {@link io.keplerfs.swim.Greeter},
 * and touches neither clock, socket nor thread; {@link io.keplerfs.swim.SwimMembership} feeds it and carries out what it asks for.
 */
@NullMarked
package io.keplerfs.swim;

import org.jspecify.annotations.NullMarked;
