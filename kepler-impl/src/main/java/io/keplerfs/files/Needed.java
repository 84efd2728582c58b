package io.keplerfs.files;

import io.keplerfs.GetOptions;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.repair.Needs;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.wire.MalformedMessageException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What files and the losers of conflicts need, read from their manifests. Any thread. */
final class Needed implements Needs {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(Needed.class);

    private final Node node;
    private final VersionReader versions;
    private final Claimed claimed;

    Needed(Node node, VersionReader versions, Claimed claimed) {
        this.node = node;
        this.versions = versions;
        this.claimed = claimed;
    }

    @Override
    public Optional<Version> of(RegisterRow row) {
        RegisterKey key = row.key();
        boolean conflict = key.bucket().equals(ConflictRecord.CONFLICTS);
        if (key.bucket().startsWith("$") && !conflict) {
            return Optional.empty();
        }
        try {
            RegisterValue value = RegisterValue.decode(row.value());
            if (value.absent()) {
                return Optional.empty();
            }
            return conflict
                    ? version(
                            ConflictRecord.fileOf(key.key()),
                            key,
                            value,
                            ConflictRecord.fromBytes(value.payload()).manifest())
                    : version(key, key, value, Manifest.of(value));
        } catch (MalformedMessageException unreadable) {
            log.warn("{} cannot be read here, so its chunks are not audited: {}", key, unreadable.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Version> version(RegisterKey file, RegisterKey register, RegisterValue value, Manifest manifest) {
        return manifest.hasChunks() ? Optional.of(new OfManifest(file, register, value, manifest)) : Optional.empty();
    }

    private final class OfManifest implements Version {
        private final RegisterKey register;
        private final RegisterValue value;
        private final Manifest manifest;
        private final Pin pin;
        private final ChunkIndex index;

        OfManifest(RegisterKey file, RegisterKey register, RegisterValue value, Manifest manifest) {
            this.register = register;
            this.value = value;
            this.manifest = manifest;
            this.pin = new Pin(manifest.upload(), file.bucket(), file.key());
            this.index = new ChunkIndex(node, manifest, pin, GetOptions.defaults());
        }

        @Override
        public Pin pin() {
            return pin;
        }

        @Override
        public long writtenMillis() {
            return value.time() >>> 16;
        }

        @Override
        public long sizeBytes() {
            return manifest.sizeBytes();
        }

        @Override
        public int parts() {
            return index.parts();
        }

        @Override
        public CompletableFuture<List<ChunkRef>> part(int part) {
            return index.part(part);
        }

        @Override
        public CompletableFuture<Boolean> isNeeded() {
            return versions.newest(register, TIMEOUT).thenCompose(newest -> {
                if (register.bucket().equals(ConflictRecord.CONFLICTS)) {
                    return CompletableFuture.completedFuture(!newest.absent());
                }
                return manifest.isContentOf(newest)
                        ? CompletableFuture.completedFuture(true)
                        : claimed.elsewhere(register, manifest.upload());
            });
        }
    }
}
