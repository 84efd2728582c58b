package io.keplerfs.swim;

import java.time.Duration;

/**
 * What a simulated network does to everything it carries.
 *
 * @param loss chance that one datagram is lost; a connection loses time instead
 * @param duplicates chance that a datagram arrives twice
 * @param replays chance that a copy arrives once more, one to ten minutes later
 * @param flips chance that one bit arrives wrong
 * @param resets chance that a connection breaks before the reply
 * @param minDelay of one way
 * @param maxDelay of one way: the wider apart, the more packets overtake each other
 */
record GossipWeather(
        double loss,
        double duplicates,
        double replays,
        double flips,
        double resets,
        Duration minDelay,
        Duration maxDelay) {
    static final GossipWeather FINE = lossy(0);

    static GossipWeather lossy(double loss) {
        return new GossipWeather(loss, 0, 0, 0, 0, Duration.ofMillis(1), Duration.ofMillis(5));
    }
}
