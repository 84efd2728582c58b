package io.keplerfs.files;

import io.keplerfs.IndeterminateException;
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
import org.jspecify.annotations.Nullable;
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

    /** Sees to it that every fast write of earlier runs is delivered, however its task was lost. Once, any thread. */
    void start() {
        node.store()
                .write(tables -> {
                    List<IntentRow> waiting = tables.intents((String) null);
                    waiting.forEach(intent -> tables.enqueue(task(intent.key(), intent.id())));
                    return waiting.size();
                })
                .whenComplete((waiting, failure) -> {
                    if (failure != null) {
                        log.warn(
                                "cannot look for undelivered fast writes: check this node's disk, restart it", failure);
                    } else if (waiting > 0) {
                        log.info("{} fast writes of earlier runs wait for their delivery", waiting);
                        node.queue().lookSoon();
                    }
                });
    }

    /**
     * Makes the write durable here, together with whatever else belongs to it.
     *
     * @return the value as it is visible here at once
     */
    CompletableFuture<RegisterValue> write(
            RegisterKey key, VersionId version, Change.Write write, Consumer<Store.Transaction> more) {
        return stamp().thenCompose(ballot -> {
            byte[] payload = Manifest.stamped(write, ballot.time()).payload();
            RegisterValue value = new RegisterValue(version, ballot.time(), List.of(), 0, write.tombstone(), payload);
            return node.store()
                    .write(tables -> {
                        tables.putIntent(new IntentRow(key, version, ballot, value.encode()));
                        tables.enqueue(task(key, version));
                        more.accept(tables);
                        return value;
                    })
                    .exceptionallyCompose(
                            failure -> CompletableFuture.failedFuture(mayBeStored(version, Failures.unwrap(failure))))
                    .whenComplete((durable, failure) -> node.queue().lookSoon());
        });
    }

    /** A disk that failed at its commit may have kept it all the same, and a restart will tell. */
    private static IndeterminateException mayBeStored(VersionId version, @Nullable Throwable failure) {
        return new IndeterminateException(
                "this node's disk failed while it stored version " + version + ": " + failure
                        + "; it may still appear after a restart; repeating it is safe",
                version,
                failure);
    }

    private QueueRow task(RegisterKey key, VersionId version) {
        byte[] id = new WireWriter().register(key).version(version).toBytes();
        return node.queue().task(INTENT, id, node.rpc().self(), 0, "fast write");
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
                .thenCompose(this::deliver);
    }

    private CompletableFuture<Void> deliver(Optional<IntentRow> found) {
        if (found.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        IntentRow intent = found.get();
        return change(intent, true)
                .thenCompose(outcome -> outcome instanceof Outcome.Indeterminate
                        ? change(intent, false)
                        : CompletableFuture.completedFuture(outcome))
                .thenCompose(outcome -> settle(intent, outcome));
    }

    /**
     * Every delivery may be a repetition, which the owners of a busy key can no longer rule out: they remember its last writes
     * only. Then the order of versions decides alone: it rises from version to version, so where the current one is earlier than
     * the intent, the intent was never there. One price is left: a put that its caller repeats under a version of its own choice
     * is another write with another stamp, and after so many writes it happens again.
     */
    private CompletableFuture<Outcome> change(IntentRow intent, boolean mayHaveBeenSent) {
        RegisterValue value = RegisterValue.decode(intent.value());
        return node.registers()
                .change(intent.key(), intent.id(), mayHaveBeenSent, current -> decide(value, current), false, TIMEOUT);
    }

    private static Change.Decision decide(RegisterValue intended, RegisterValue current) {
        if (current.id().equals(intended.id())) {
            return new Change.Keep();
        } else if (Manifest.follows(current, intended)) {
            return new Change.Refuse("superseded by " + current.id());
        } else if (intended.absent()) {
            // The token that is stored now outlives the file, not the one this node knew of.
            return new Change.Write(Manifest.tombstone(Manifest.tokenOf(current), Manifest.stampOf(intended)), true);
        }
        return new Change.Write(intended.payload(), false);
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
