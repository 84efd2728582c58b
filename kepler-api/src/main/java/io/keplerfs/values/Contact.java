package io.keplerfs.values;

import java.time.Duration;
import java.util.Optional;

/**
 * What one node itself hears of another, as opposed to what others say of it.
 *
 * @param sinceHeard time since the last message that came from it directly, of whatever kind
 * @param roundTrip smoothed time from a probe to its answer, without detours; empty before the first answer
 */
public record Contact(Duration sinceHeard, Optional<Duration> roundTrip) {
    public Contact {
        if (sinceHeard.isNegative() || roundTrip.map(Duration::isNegative).orElse(false)) {
            throw new IllegalArgumentException(
                    "heard " + sinceHeard + " ago, round trip " + roundTrip + ": time does not run backwards");
        }
    }
}
