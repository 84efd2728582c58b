package io.keplerfs.register;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Promises that this node's accepts have brought along: for each of the keys it has changed last, the next ballot, promised by a
 * majority whose accepted value is the one kept here. Whoever changes the key next can go straight to the accept. Owned by the
 * loop; lost with the process, which costs one round trip and nothing else.
 */
final class Carried {
    /** A version bears the time of its ballot, so this is how far that may lag behind the clock. */
    static final Duration LIFETIME = Duration.ofSeconds(2);

    private static final int MAX_ENTRIES = 4_096;
    /** Values of 16 KB, the largest that a small file has inline, for a thousand keys. */
    private static final long MAX_BYTES = 16 << 20;

    /**
     * @param made on the loop's nanosecond clock
     * @param bytes what the value takes
     */
    private record Entry(long stage, List<?> ownerSets, Ballot ballot, RegisterValue value, long made, int bytes) {}

    /**
     * A ballot that is promised already, and what it is promised over.
     *
     * @param value what every owner of that majority has accepted
     */
    record Promise(Ballot ballot, RegisterValue value) {}

    private final Map<RegisterKey, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    void put(RegisterKey key, Configuration configuration, Ballot ballot, RegisterValue value, long now) {
        remove(key);
        int size = value.payload().length;
        entries.put(key, new Entry(configuration.stage(), configuration.ownerSets(), ballot, value, now, size));
        bytes += size;
        while (entries.size() > MAX_ENTRIES || bytes > MAX_BYTES) {
            remove(entries.keySet().iterator().next());
        }
    }

    /** The key's promise, for one use; empty if there is none, or it is old, or was made by other owners. */
    Optional<Promise> take(RegisterKey key, Configuration configuration, long now) {
        Entry entry = remove(key);
        if (entry == null || now - entry.made() > LIFETIME.toNanos()) {
            return Optional.empty();
        }
        boolean sameOwners =
                entry.stage() == configuration.stage() && entry.ownerSets().equals(configuration.ownerSets());
        return sameOwners ? Optional.of(new Promise(entry.ballot(), entry.value())) : Optional.empty();
    }

    private @Nullable Entry remove(RegisterKey key) {
        Entry entry = entries.remove(key);
        bytes -= entry == null ? 0 : entry.bytes();
        return entry;
    }

    int size() {
        return entries.size();
    }
}
