package io.keplerfs.tcp;

import java.time.Duration;

/**
 * Every duration of the transport that its users do not choose.
 *
 * @param connect for the TCP handshake: a peer in reach answers in milliseconds
 * @param greeting for the {@link Greeting}, either side
 * @param failFast for so long after a failed connect calls fail at once instead of trying again, so that callers do not pile up
 * @param retry pause between connects nobody waits for
 * @param deaf a peer that owes answers and sends no byte for so long is cut off as soon as a call to it times out
 * @param stalled a peer that stops in the middle of a frame, or takes no byte of an answer, for so long is cut off
 * @param idle a connection unused for so long is closed, and a peer nobody asked about for so long is forgotten
 * @param forgotten so long after its connection ended, an unanswered request gives its memory back
 */
record Timing(
        Duration connect,
        Duration greeting,
        Duration failFast,
        Duration retry,
        Duration deaf,
        Duration stalled,
        Duration idle,
        Duration forgotten) {
    static final Timing STANDARD = new Timing(
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofMillis(100),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            Duration.ofMinutes(1));
}
