package io.keplerfs.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which gateway is asked first: the one that answered last, then the others in the order they were given. One that failed
 * rests: it is asked only after all others, for a time that doubles with each failure. Never left out altogether, because a
 * wrong guess about the only gateway left would be an outage of our own making.
 *
 * <p>Safe for use by several threads; its state is guarded by its monitor.
 */
final class Gateways {
    /** A restarting node is usually back within this time. */
    static final Duration FIRST_REST = Duration.ofSeconds(1);

    /** Long enough to spare calls the connect timeout, short enough to find a repaired gateway soon. */
    static final Duration LONGEST_REST = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(Gateways.class);

    private final List<Gateway> given;
    private final LongSupplier nanoClock;
    private final Map<Gateway, Rest> resting = new HashMap<>();
    private int first;

    /** When a failed gateway is asked again as usual, and how long its last rest was. */
    private record Rest(long untilNanos, Duration length) {}

    Gateways(List<Gateway> given, LongSupplier nanoClock) {
        if (given.isEmpty()) {
            throw new IllegalArgumentException("a client needs the address of at least one gateway");
        }
        this.given = given.stream().distinct().toList();
        this.nanoClock = nanoClock;
    }

    /** All of them, the best to ask first. */
    synchronized List<Gateway> inOrder() {
        List<Gateway> order = new ArrayList<>();
        List<Gateway> last = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Gateway gateway = given.get((first + i) % given.size());
            (isResting(gateway) ? last : order).add(gateway);
        }
        order.addAll(last);
        return order;
    }

    /** It works: it is asked first from now on. */
    synchronized void answered(Gateway gateway) {
        first = given.indexOf(gateway);
        if (resting.remove(gateway) != null) {
            log.info("gateway {} answers again", gateway);
        }
    }

    /** It refused, broke off, kept silent or is not ready. */
    synchronized void failed(Gateway gateway, String reason) {
        if (isResting(gateway)) {
            return; // many calls may hear of one failure: it counts once
        }
        Rest before = resting.get(gateway);
        Duration length = before == null ? FIRST_REST : shorter(before.length().multipliedBy(2), LONGEST_REST);
        resting.put(gateway, new Rest(nanoClock.getAsLong() + length.toNanos(), length));
        if (before == null) {
            log.info("gateway {} failed ({}): others are asked before it for {}", gateway, reason, length);
        }
    }

    private boolean isResting(Gateway gateway) {
        Rest rest = resting.get(gateway);
        return rest != null && rest.untilNanos() - nanoClock.getAsLong() > 0;
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
