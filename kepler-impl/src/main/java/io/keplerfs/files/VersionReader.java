package io.keplerfs.files;

import io.keplerfs.Consistency;
import io.keplerfs.UnavailableException;
import io.keplerfs.register.ReadResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Finds the version of a register that a read may answer with. Any thread. */
final class VersionReader {
    private final Node node;
    private final Owing owing;
    private final SeenVersions seen;

    VersionReader(Node node, Owing owing, SeenVersions seen) {
        this.node = node;
        this.owing = owing;
        this.seen = seen;
    }

    CompletableFuture<RegisterValue> read(RegisterKey key, Consistency consistency, Duration timeout) {
        return consistency == Consistency.LOCAL ? local(key) : newest(key, timeout);
    }

    /** Linearizable; fails with {@link UnavailableException}. */
    CompletableFuture<RegisterValue> newest(RegisterKey key, Duration timeout) {
        return node.ownership(timeout)
                .thenCompose(ready -> node.registers().read(key, timeout))
                .thenCompose(result -> {
                    if (result instanceof ReadResult.Value found) {
                        mend(key, found.behind());
                        seen.note(key, found.value());
                        return CompletableFuture.completedFuture(found.value());
                    }
                    ReadResult.Unavailable refused = (ReadResult.Unavailable) result;
                    return CompletableFuture.failedFuture(new UnavailableException(refused.reason()));
                });
    }

    private void mend(RegisterKey key, List<NodeId> behind) {
        if (!behind.isEmpty()) {
            owing.manifest(key, behind, "read repair");
        }
    }

    /** What this node has: its own copy as an owner, or a fast write that waits here, whichever is newer. */
    CompletableFuture<RegisterValue> local(RegisterKey key) {
        return node.read(tables -> localValue(tables, key));
    }

    static RegisterValue localValue(Store.Snapshot tables, RegisterKey key) {
        RegisterValue newest = RegisterValue.decode(tables.register(key).value());
        for (IntentRow intent : tables.intents(key)) {
            RegisterValue waiting = RegisterValue.decode(intent.value());
            if (Manifest.follows(waiting, newest)) {
                newest = waiting;
            }
        }
        return newest;
    }
}
