package io.keplerfs.swim;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * What has been opened of each run of each sender, so that a recorded envelope does nothing when it is sent again. Safe for any
 * thread. Only who knows a secret of the cluster gets an entry.
 *
 * <p>It remembers the {@value #MAX_RUNS} runs heard last, about 400 bytes each. Of a run it has forgotten, and after a restart of
 * this node, an old envelope counts as new once. That is no worse than one that was late: claims are ordered by incarnation, acks
 * by a sequence that starts anywhere, and a request only makes this node answer where the answer is sealed as well.
 */
final class Runs {
    /** Every member of the largest cluster, and as many restarts. */
    static final int MAX_RUNS = 2 * Roster.MAX_MEMBERS;

    private final Map<UUID, Run> runs;

    private static final class Run {
        private final ReplayWindow window = new ReplayWindow();
        private int keyId;
        private SecretKey key;

        Run(int keyId, SecretKey key) {
            this.keyId = keyId;
            this.key = key;
        }
    }

    Runs(int most) {
        runs = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<UUID, Run> eldest) {
                return size() > most;
            }
        };
    }

    /** The run's key of that id, if it is remembered. */
    synchronized @Nullable SecretKey key(UUID sender, int keyId) {
        Run run = runs.get(sender);
        return run != null && run.keyId == keyId ? run.key : null;
    }

    /** Whether this is the first time the counter of that run is seen; call it for what was proven only. */
    synchronized boolean first(UUID sender, long counter, int keyId, SecretKey key) {
        Run run = runs.computeIfAbsent(sender, unknown -> new Run(keyId, key));
        run.keyId = keyId;
        run.key = key;
        return run.window.first(counter);
    }

    synchronized int size() {
        return runs.size();
    }
}
