package io.keplerfs.files;

import io.keplerfs.GetOptions;
import io.keplerfs.register.BallotWindow;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A fast write that could not be delivered for so long that others may have taken its upload for dead and dropped its references
 * is given a new upload: the chunks are still on this node, which never drops those of its own undelivered writes. Any thread.
 */
final class Renewal {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(Renewal.class);

    private final Node node;
    private final HybridClock clock;
    private final WaitingUploads waiting;

    Renewal(Node node, HybridClock clock, WaitingUploads waiting) {
        this.node = node;
        this.clock = clock;
        this.waiting = waiting;
    }

    boolean isNeeded(Manifest manifest) {
        return manifest.hasChunks()
                && UploadId.isOld(
                        manifest.upload(),
                        node.limits().longestUpload(),
                        node.loop().wallMillis());
    }

    /** The ballots that may deliver the value. */
    BallotWindow window(RegisterValue value) {
        return value.absent() || !Manifest.of(value).hasChunks()
                ? BallotWindow.ANY
                : UploadId.committing(Manifest.of(value).upload(), node.limits().longestUpload());
    }

    /** The same write with a fresh upload, durable here together with what its owners are owed; empty if it is overwritten. */
    CompletableFuture<Optional<IntentRow>> of(IntentRow intent, RegisterValue value) {
        return UploadId.next(node.loop(), clock).thenCompose(upload -> {
            Manifest manifest = Manifest.of(value).withUpload(upload);
            RegisterValue renewed = new RegisterValue(
                    value.id(), value.time(), value.ancestors(), value.forgottenUpTo(), false, manifest.toBytes());
            IntentRow row = new IntentRow(intent.key(), intent.id(), intent.ballot(), renewed.encode());
            Pin pin = new Pin(
                    manifest.upload(), intent.key().bucket(), intent.key().key());
            return node.ownership(TIMEOUT)
                    .thenCompose(
                            ownership -> new ChunkIndex(node, manifest, pin, GetOptions.defaults()).debts(ownership))
                    .thenCompose(debts -> node.store().write(tables -> replace(tables, row, pin, debts)))
                    .thenApply(replaced -> {
                        if (!replaced) {
                            return Optional.empty();
                        }
                        log.info(
                                "fast write {} of {} waited long for its delivery: its chunks are owed anew as upload {}",
                                intent.id(),
                                Commit.name(intent.key()),
                                pin.upload());
                        return Optional.of(row);
                    });
        });
    }

    private boolean replace(Store.Transaction tables, IntentRow row, Pin pin, List<QueueRow> debts) {
        if (tables.intents(row.key()).stream().noneMatch(intent -> intent.id().equals(row.id()))) {
            // Overwritten through this node meanwhile: it must not come back.
            return false;
        }
        for (QueueRow debt : debts) {
            tables.pin(ChunkDelivery.chunkOf(debt), pin);
            tables.enqueue(debt);
        }
        waiting.add(pin.upload());
        tables.putIntent(row);
        return true;
    }

    /** A delivered write has become the current version: its owners need not find out by themselves. */
    void confirm(RegisterValue value) {
        if (!value.absent() && Manifest.of(value).hasChunks()) {
            VersionId upload = Manifest.of(value).upload();
            node.views().ownership().ifPresent(ownership -> node.delivery().confirm(upload, ownership.everybody()));
        }
    }
}
