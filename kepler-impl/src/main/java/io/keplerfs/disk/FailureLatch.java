package io.keplerfs.disk;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes once, when what the disk holds may differ from what callers were told; then nothing more may be promised. */
final class FailureLatch {
    private static final Logger LOG = LoggerFactory.getLogger(FailureLatch.class);

    private final AtomicReference<@Nullable String> reason = new AtomicReference<>();

    void trip(String why, Throwable cause) {
        if (reason.compareAndSet(null, why)) {
            LOG.error("store failed, every call is refused until the node is restarted: {}", why, cause);
        }
    }

    Optional<String> reason() {
        return Optional.ofNullable(reason.get());
    }

    void check() throws IOException {
        String why = reason.get();
        if (why != null) {
            throw new IOException("store failed: " + why + "; free or replace the disk and restart the node");
        }
    }
}
