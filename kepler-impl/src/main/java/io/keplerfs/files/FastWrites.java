package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Failures;
import io.keplerfs.register.Change;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes with {@code durability=fast}: durable intents on this node, delivered to their registers in the background.
 *
 * <pre>
 * queue task "intent"  id: register | version     deliver this intent (target: this node)
 * </pre>
 */
final class FastWrites {
    private static final String INTENT = "intent";
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(FastWrites.class);

    private final Node node;
    private final HybridClock clock;

    FastWrites(Node node, HybridClock clock) {
        this.node = node;
        this.clock = clock;
        node.queue().deliverWith(INTENT, this::deliver);
    }

    /**
     * Makes the write durable here, together with whatever else belongs to it.
     *
     * @return the value as it is visible here at once
     */
    CompletableFuture<RegisterValue> write(
            RegisterKey key, VersionId version, Change.Write write, Consumer<Store.Transaction> more) {
        return stamp().thenCompose(ballot -> {
            RegisterValue value =
                    new RegisterValue(version, ballot.time(), List.of(), 0, write.tombstone(), write.payload());
            byte[] id = new WireWriter().register(key).version(version).toBytes();
            QueueRow task = node.queue().task(INTENT, id, node.rpc().self(), 0, "fast write");
            return node.store()
                    .write(tables -> {
                        tables.putIntent(new IntentRow(key, version, ballot, value.encode()));
                        more.accept(tables);
                        return null;
                    })
                    .thenCompose(durable -> node.queue().add(List.of(task)))
                    .thenApply(queued -> value);
        });
    }

    private CompletableFuture<Ballot> stamp() {
        CompletableFuture<Ballot> stamped = new CompletableFuture<>();
        node.loop()
                .execute(() -> clock.next()
                        .ifPresentOrElse(
                                stamped::complete,
                                () -> stamped.completeExceptionally(new UnavailableException(
                                        "this node's clock cannot be stored: is its disk full?"))));
        return stamped;
    }

    private CompletableFuture<Void> deliver(QueueRow task) {
        WireReader id = new WireReader(task.id());
        RegisterKey key = id.register();
        VersionId version = id.version();
        return node.store()
                .read(tables -> tables.intents(key).stream()
                        .filter(intent -> intent.id().equals(version))
                        .findFirst())
                .thenCompose(intent -> deliver(key, intent));
    }

    private CompletableFuture<Void> deliver(RegisterKey key, Optional<IntentRow> found) {
        if (found.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        IntentRow intent = found.get();
        RegisterValue value = RegisterValue.decode(intent.value());
        Change change =
                current -> current.time() > value.time() && !current.id().equals(value.id())
                        ? new Change.Refuse("superseded by " + current.id())
                        : new Change.Write(value.payload(), value.absent());
        return node.registers()
                .change(key, intent.id(), true, change, false, TIMEOUT)
                .thenCompose(outcome -> settle(intent, outcome));
    }

    private CompletableFuture<Void> settle(IntentRow intent, Outcome outcome) {
        if (outcome instanceof Outcome.Unavailable unavailable) {
            return CompletableFuture.failedFuture(new UnavailableException(unavailable.reason()));
        } else if (outcome instanceof Outcome.Indeterminate maybe) {
            return CompletableFuture.failedFuture(new IllegalStateException(maybe.reason()));
        } else if (outcome instanceof Outcome.Refused refused) {
            log.warn(
                    "fast write {} of {} lost against a newer one: {}",
                    intent.id(),
                    Commit.name(intent.key()),
                    refused.reason());
        }
        return node.store()
                .write(tables -> {
                    tables.removeIntent(intent.key(), intent.id());
                    return null;
                })
                .handle((removed, failure) -> {
                    if (failure != null) {
                        throw new IllegalStateException("cannot remove a delivered intent", Failures.unwrap(failure));
                    }
                    return null;
                });
    }
}
