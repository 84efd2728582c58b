package io.keplerfs.swim;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where names lead. A name server may take seconds, and the thread that probes has none to spare: it asks only what is known
 * already. Any thread.
 */
final class Addresses {
    /** A host that moved is found within this time. */
    private static final long FRESH_NANOS = Duration.ofSeconds(30).toNanos();

    /** More names than members, so only an attacker gets here; starting over costs one lookup each. */
    private static final int MAX_NAMES = 2 * Roster.MAX_MEMBERS;

    private final LongSupplier nanoClock;
    private final Map<String, Resolved> names = new ConcurrentHashMap<>();

    Addresses(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** Without waiting; null if it has to be looked up first. */
    @Nullable
    InetSocketAddress known(Endpoint there) {
        if (InetAddresses.isInetAddress(there.host())) {
            return new InetSocketAddress(InetAddresses.forString(there.host()), there.port());
        }
        Resolved resolved = names.get(there.host());
        if (resolved == null || nanoClock.getAsLong() - resolved.sinceNanos >= FRESH_NANOS) {
            return null;
        }
        return new InetSocketAddress(resolved.address, there.port());
    }

    /** Looks it up anew; may take seconds. */
    InetSocketAddress lookUp(Endpoint there) throws UnknownHostException {
        InetAddress address = InetAddress.getByName(there.host());
        if (names.size() >= MAX_NAMES) {
            names.clear();
        }
        names.put(there.host(), new Resolved(address, nanoClock.getAsLong()));
        return new InetSocketAddress(address, there.port());
    }

    private record Resolved(InetAddress address, long sinceNanos) {}
}
