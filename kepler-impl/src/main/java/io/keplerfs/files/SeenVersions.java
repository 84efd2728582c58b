package io.keplerfs.files;

import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.RegisterValue.Mark;
import io.keplerfs.spi.RegisterKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The last version of each file that was read or written through this node, whether it owns the file or not: what a fast write
 * through this node may be taken to know. Forgets the longest unused, and everything at a restart: then a fast write knows less,
 * and a version too many is kept as a conflict. Any thread.
 */
final class SeenVersions {
    /** About 2 MB. */
    private static final int CAPACITY = 10_000;

    private final Map<RegisterKey, Mark> latest = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<RegisterKey, Mark> eldest) {
            return size() > CAPACITY;
        }
    };

    synchronized void note(RegisterKey key, RegisterValue value) {
        if (!value.isNone()) {
            latest.put(key, value.mark());
        }
    }

    synchronized Optional<Mark> of(RegisterKey key) {
        return Optional.ofNullable(latest.get(key));
    }
}
