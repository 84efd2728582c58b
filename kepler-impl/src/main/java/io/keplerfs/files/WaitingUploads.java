package io.keplerfs.files;

import io.keplerfs.register.RegisterValue;
import io.keplerfs.replication.Retained;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The uploads of fast writes that wait here for their delivery. Others may take such an upload for dead when its time is over by
 * their clocks, and have its references dropped everywhere. The write was acknowledged by this node alone, so its references here
 * stay until it is delivered, overwritten here or given another upload, however far behind this node's clock is. Any thread.
 */
final class WaitingUploads implements Retained {
    /** All that wait, and perhaps some that do not any more: a look at every fast write is only needed for these. */
    private final Set<VersionId> perhaps = ConcurrentHashMap.newKeySet();

    private volatile boolean loaded;

    /** In the transaction that stores the fast write. */
    void add(VersionId upload) {
        perhaps.add(upload);
    }

    /** In the transaction that stores the fast write. */
    void add(RegisterValue value) {
        of(value).ifPresent(this::add);
    }

    /** In a transaction that has added all that earlier runs left. */
    void loaded() {
        loaded = true;
    }

    /** When the fast write is durably gone. */
    void remove(IntentRow intent) {
        of(RegisterValue.decode(intent.value())).ifPresent(perhaps::remove);
    }

    @Override
    public boolean keeps(Store.Snapshot tables, VersionId upload) {
        if (loaded && !perhaps.contains(upload)) {
            return false;
        }
        boolean waits = tables.intents((String) null).stream()
                .anyMatch(intent -> of(RegisterValue.decode(intent.value()))
                        .filter(upload::equals)
                        .isPresent());
        if (!waits) {
            perhaps.remove(upload);
        }
        return waits;
    }

    private static Optional<VersionId> of(RegisterValue value) {
        return value.absent() || !Manifest.of(value).hasChunks()
                ? Optional.empty()
                : Optional.of(Manifest.of(value).upload());
    }
}
