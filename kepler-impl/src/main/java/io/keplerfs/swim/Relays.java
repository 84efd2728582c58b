package io.keplerfs.swim;

import io.keplerfs.values.NodeId;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pings that this node sends on behalf of others, until they are answered or their asker has given up. */
final class Relays {
    /** Far above what a cluster asks of one relay at once (three per failed probe), so only an attacker meets it. */
    static final int MAX_RELAYS = 1024;

    private final Map<Long, Relay> bySequence = new LinkedHashMap<>();

    /** Whether there is room for it. */
    boolean add(long sequence, Relay relay) {
        if (bySequence.size() >= MAX_RELAYS) {
            return false;
        }
        bySequence.put(sequence, relay);
        return true;
    }

    /** The relay this ack answers, if any; it is over then. */
    @Nullable
    Relay answered(long sequence, NodeId target) {
        Relay relay = bySequence.get(sequence);
        return relay != null && relay.target.equals(target) ? bySequence.remove(sequence) : null;
    }

    Iterable<Relay> all() {
        return bySequence.values();
    }

    int size() {
        return bySequence.size();
    }

    void forgetOver(long nowNanos) {
        bySequence.values().removeIf(relay -> relay.endNanos - nowNanos <= 0);
    }

    void clear() {
        bySequence.clear();
    }

    /**
     * One of them.
     *
     * <p>The nack goes out at 80 % of the asker's wait: one that arrives after the deadline would make a healthy relay look ill.
     */
    static final class Relay {
        private static final double NACK_AT = 0.8;

        private static final double TOO_LATE = 1.1;

        final Endpoint asker;
        final NodeId askerId;
        final long askerSequence;
        final NodeId target;
        final long nackNanos;
        final long endNanos;
        boolean nacked;

        /**
         * @param late for a test of the tests: the nack goes out when nobody waits for it any more
         */
        Relay(GossipMessage.PingRequest ask, boolean late, long nowNanos) {
            long waitNanos = ask.waitMillis() * 1_000_000L;
            asker = Endpoint.of(ask.sender().address());
            askerId = ask.sender().id();
            askerSequence = ask.sequence();
            target = ask.target();
            nackNanos = nowNanos + (long) ((late ? TOO_LATE : NACK_AT) * waitNanos);
            endNanos = late ? nackNanos + 1 : nowNanos + waitNanos;
        }

        long dueNanos() {
            return nacked ? endNanos : nackNanos;
        }
    }
}
