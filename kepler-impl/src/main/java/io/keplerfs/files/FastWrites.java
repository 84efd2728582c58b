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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes with {@code durability=fast}: durable intents on this node, delivered to their registers in the background.
 *
 * <p>An intent's value names as its ancestors what this node knew of the key when it was taken. At delivery one of two versions
 * has to give way, the earlier one. It is kept as a conflict unless its successor was written in knowledge of it: the intent
 * names it among its ancestors, or it is an intent of this node that a later write through this node replaces. An intent that
 * is delivered at once counts as an ordinary put, which replaces what is there unseen. One that was taken before this node was
 * evicted, and meets nothing, is kept as a conflict too: it may have been deleted long ago ({@link Absence}).
 *
 * <pre>
 * queue task "intent"  id: register | version     deliver this intent (target: this node)
 * </pre>
 */
final class FastWrites {
    private static final String INTENT = "intent";
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** A first delivery this soon after the ack was held up by nothing: no longer than a put may wait for a slow owner. */
    private static final long AT_ONCE_MILLIS = 2000;

    private static final Logger log = LoggerFactory.getLogger(FastWrites.class);

    private final Node node;
    private final HybridClock clock;
    private final Renewal renewal;
    private final Absence absence;
    private final Losers losers;
    private final SeenVersions seen;
    /** Their deliveries may have been under way, and the list of ancestors is short. */
    private final ReplacedHere replaced = new ReplacedHere();
    /** Keys with an intent, and perhaps some without: a put of another durability must not cost a look into the store. */
    private final Set<RegisterKey> waiting = ConcurrentHashMap.newKeySet();

    private final WaitingUploads uploads = new WaitingUploads();

    /**
     * An intent on its way.
     *
     * @param since see {@link Absence#since}
     */
    private record Parcel(IntentRow intent, RegisterValue value, OptionalLong since, boolean firstTry) {
        static Parcel of(Store.Snapshot tables, IntentRow intent, QueueRow task) {
            RegisterValue value = RegisterValue.decode(intent.value());
            return new Parcel(intent, value, Absence.since(tables, value), task.attempts() == 0);
        }

        Parcel renewed(IntentRow row) {
            return new Parcel(row, RegisterValue.decode(row.value()), since, firstTry);
        }
    }

    FastWrites(Node node, HybridClock clock, Losers losers, SeenVersions seen) {
        this.node = node;
        this.clock = clock;
        this.renewal = new Renewal(node, clock, uploads);
        this.absence = new Absence(node);
        this.losers = losers;
        this.seen = seen;
        node.queue().deliverWith(INTENT, this::deliver);
    }

    /** What its undelivered writes need on this node. */
    WaitingUploads uploads() {
        return uploads;
    }

    /** Sees to it that every fast write of earlier runs is delivered, however its task was lost. Once, any thread. */
    void start() {
        node.store()
                .write(tables -> {
                    List<IntentRow> intents = tables.intents((String) null);
                    intents.forEach(intent -> tables.enqueue(task(intent.key(), intent.id())));
                    intents.forEach(intent -> waiting.add(intent.key()));
                    intents.forEach(intent -> uploads.add(RegisterValue.decode(intent.value())));
                    uploads.loaded();
                    return intents.size();
                })
                .whenComplete((found, failure) -> {
                    if (failure != null) {
                        log.warn(
                                "cannot look for undelivered fast writes: check this node's disk, restart it", failure);
                    } else if (found > 0) {
                        log.info("{} fast writes of earlier runs wait for their delivery", found);
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
            return node.store()
                    .write(tables -> {
                        List<RegisterValue.Mark> known = known(tables, key);
                        RegisterValue value =
                                new RegisterValue(version, ballot.time(), known, 0, write.tombstone(), payload);
                        forgetReplaced(tables, key, intent -> isAmong(known, intent.id()));
                        waiting.add(key);
                        uploads.add(value);
                        Absence.note(tables, ballot.time());
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

    /** What the writer of a fast write knows as far as this node can tell, most recent first: the version it shows, and before. */
    private List<RegisterValue.Mark> known(Store.Snapshot tables, RegisterKey key) {
        Set<RegisterValue.Mark> versions = new LinkedHashSet<>();
        RegisterValue shown = VersionReader.localValue(tables, key);
        if (!shown.isNone()) {
            versions.add(shown.mark());
        }
        if (tables.intents(key).stream().anyMatch(intent -> intent.id().equals(shown.id()))) {
            versions.addAll(shown.ancestors());
        }
        seen.of(key).ifPresent(versions::add);
        List<RegisterValue.Mark> known = new ArrayList<>(versions);
        while (known.size() > RegisterValue.MAX_ANCESTORS) {
            // The last is what the owners had, the others were written here since.
            known.remove(known.size() - 2);
        }
        return known;
    }

    /** A later write through this node knew of these: they are overwritten before anybody else saw them. */
    private void forgetReplaced(Store.Transaction tables, RegisterKey key, Predicate<IntentRow> overwritten) {
        tables.intents(key).stream().filter(overwritten).forEach(intent -> {
            replaced.note(intent.id());
            tables.removeIntent(key, intent.id());
        });
    }

    /** A write of another durability through this node is the newest now: the fast writes before it are overwritten. */
    CompletableFuture<Void> overwritten(RegisterKey key, RegisterValue newest) {
        seen.note(key, newest);
        if (!waiting.contains(key)) {
            return CompletableFuture.completedFuture(null);
        }
        return node.store()
                .<Void>write(tables -> {
                    forgetReplaced(
                            tables, key, intent -> Manifest.follows(newest, RegisterValue.decode(intent.value())));
                    forgetIfIdle(tables, key);
                    return null;
                })
                .exceptionally(failure -> {
                    log.info(
                            "overwritten fast writes of {} may become conflicts: {}",
                            Commit.name(key),
                            failure.toString());
                    return null;
                });
    }

    private void forgetIfIdle(Store.Snapshot tables, RegisterKey key) {
        if (tables.intents(key).isEmpty()) {
            waiting.remove(key);
        }
    }

    private static boolean isAmong(List<RegisterValue.Mark> versions, VersionId id) {
        return versions.stream().anyMatch(version -> version.id().equals(id));
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
                        .findFirst()
                        .map(intent -> Parcel.of(tables, intent, task)))
                .thenCompose(
                        found -> found.map(this::deliver).orElseGet(() -> CompletableFuture.completedFuture(null)));
    }

    private CompletableFuture<Void> deliver(Parcel parcel) {
        if (!parcel.value().absent() && renewal.isNeeded(Manifest.of(parcel.value()))) {
            return renewal.of(parcel.intent(), parcel.value())
                    .thenCompose(renewed -> renewed.map(row -> deliver(parcel.renewed(row)))
                            .orElseGet(() -> CompletableFuture.completedFuture(null)));
        }
        return deliver(parcel, Set.of()).thenCompose(outcome -> settle(parcel, outcome));
    }

    /**
     * A version that would be lost is kept before it is replaced, so that no crash comes in between. Every turn has another one:
     * the key is being written meanwhile.
     *
     * @param kept versions that may be replaced now
     */
    private CompletableFuture<Outcome> deliver(Parcel parcel, Set<VersionId> kept) {
        return change(parcel, kept, true)
                .thenCompose(outcome -> outcome instanceof Outcome.Indeterminate
                        ? change(parcel, kept, false)
                        : CompletableFuture.completedFuture(outcome))
                .thenCompose(outcome -> outcome instanceof Outcome.Refused refused
                        ? letGo(parcel.intent().key(), kept, refused.current()).thenApply(ended -> outcome)
                        : CompletableFuture.completedFuture(outcome))
                .thenCompose(outcome -> {
                    if (!(outcome instanceof Outcome.Refused refused)
                            || refused.current().isNone()
                            || Manifest.follows(refused.current(), parcel.value())) {
                        return CompletableFuture.completedFuture(outcome);
                    }
                    Set<VersionId> more = new HashSet<>(kept);
                    more.add(refused.current().id());
                    return losers.keep(
                                    parcel.intent().key(),
                                    refused.current(),
                                    parcel.value().id())
                            .thenCompose(durable -> deliver(parcel, more));
                });
    }

    /**
     * A version that was kept, and then overwritten by somebody who did not have to keep it, is no conflict: its chunks may be
     * gone before it was one. Only a direct successor tells: behind a later one there may have been a fast write of another node,
     * which counts on the conflict. Undecided, it stays listed.
     *
     * @param current what the register is certain to hold
     */
    private CompletableFuture<Void> letGo(RegisterKey key, Set<VersionId> kept, RegisterValue current) {
        if (current.ancestors().isEmpty() || Manifest.isFast(current)) {
            return CompletableFuture.completedFuture(null);
        }
        VersionId before = current.ancestors().get(0).id();
        return kept.contains(before)
                ? losers.drop(key.bucket(), key.key(), before).thenApply(ended -> null)
                : CompletableFuture.completedFuture(null);
    }

    /**
     * Every delivery may be a repetition, which the owners of a busy key can no longer rule out: they remember its last writes
     * only. Then the order of versions decides alone: it rises from version to version, so where the current one is earlier than
     * the intent, the intent was never there. One price is left: a put that its caller repeats under a version of its own choice
     * is another write with another stamp, and after so many writes it happens again.
     */
    private CompletableFuture<Outcome> change(Parcel parcel, Set<VersionId> kept, boolean mayHaveBeenSent) {
        IntentRow intent = parcel.intent();
        return node.registers()
                .change(
                        intent.key(),
                        intent.id(),
                        mayHaveBeenSent,
                        current -> decide(parcel, kept, current),
                        false,
                        renewal.window(parcel.value()),
                        TIMEOUT);
    }

    private Change.Decision decide(Parcel parcel, Set<VersionId> kept, RegisterValue current) {
        RegisterValue intended = parcel.value();
        if (current.id().equals(intended.id())) {
            return new Change.Keep();
        } else if (Manifest.follows(current, intended)) {
            return new Change.Refuse("superseded by " + current.id());
        } else if (current.isNone() && absence.mayHideADelete(parcel.since(), intended)) {
            return new Change.Refuse("this node was evicted in between, and it may have been deleted meanwhile");
        } else if (!kept.contains(current.id()) && isLost(parcel, current)) {
            return new Change.Refuse("it would replace " + current.id() + " unseen, which must be kept first");
        } else if (intended.absent()) {
            // The token that is stored now outlives the file, not the one this node knew of.
            return new Change.Write(Manifest.tombstone(Manifest.tokenOf(current), Manifest.stampOf(intended)), true);
        }
        return new Change.Write(intended.payload(), false);
    }

    /** Whether a version that has content would be replaced by a write that did not know of it. */
    private boolean isLost(Parcel parcel, RegisterValue current) {
        boolean atOnce =
                parcel.firstTry() && node.loop().wallMillis() - (parcel.value().time() >>> 16) < AT_ONCE_MILLIS;
        return !current.absent()
                && !atOnce
                && !replaced.contains(current.id())
                && !isAmong(parcel.value().ancestors(), current.id());
    }

    private CompletableFuture<Void> settle(Parcel parcel, Outcome outcome) {
        IntentRow intent = parcel.intent();
        if (outcome instanceof Outcome.Unavailable unavailable) {
            return CompletableFuture.failedFuture(new UnavailableException(unavailable.reason()));
        } else if (outcome instanceof Outcome.Indeterminate maybe) {
            return CompletableFuture.failedFuture(new IllegalStateException(maybe.reason()));
        } else if (outcome instanceof Outcome.Done done) {
            renewal.confirm(done.value());
        } else if (outcome instanceof Outcome.Refused refused) {
            return keepIfLost(parcel, refused.current()).thenCompose(kept -> remove(intent));
        }
        seen.note(intent.key(), parcel.value());
        return remove(intent);
    }

    /** A deleted file has nothing to keep; an intent that is gone was replaced through this node during its delivery. */
    private CompletableFuture<Void> keepIfLost(Parcel parcel, RegisterValue winner) {
        IntentRow intent = parcel.intent();
        if (parcel.value().absent()) {
            return CompletableFuture.completedFuture(null);
        }
        return node.store()
                .read(tables -> tables.intents(intent.key()).stream()
                        .anyMatch(waits -> waits.id().equals(intent.id())))
                .thenCompose(waits -> waits
                        ? losers.keep(intent.key(), parcel.value(), winner.id())
                        : CompletableFuture.completedFuture(null));
    }

    private CompletableFuture<Void> remove(IntentRow intent) {
        return node.store()
                .write(tables -> {
                    tables.removeIntent(intent.key(), intent.id());
                    forgetIfIdle(tables, intent.key());
                    return null;
                })
                .handle((removed, failure) -> {
                    if (failure != null) {
                        throw new IllegalStateException("cannot remove a delivered intent", Failures.unwrap(failure));
                    }
                    uploads.remove(intent);
                    return null;
                });
    }
}
