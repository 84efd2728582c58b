package io.keplerfs.files;

import io.keplerfs.Durability;
import io.keplerfs.IndeterminateException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;
import io.keplerfs.register.BallotWindow;
import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** Makes one value the newest of its register, and turns how that ended into the outcome the caller is promised. Any thread. */
final class Commit {
    private final Node node;
    private final Owing owing;

    Commit(Node node, Owing owing) {
        this.node = node;
        this.owing = owing;
    }

    /**
     * What happened.
     *
     * @param value the newest value when it was finished: this write, or a later one
     * @param acked owners that have it on disk
     * @param open owners that had not acked yet
     */
    record Done(RegisterValue value, List<NodeId> acked, List<NodeId> open) {}

    /**
     * @param mayHaveBeenSent the same write was tried before, by this or another node
     * @return fails with the public type of the outcome
     */
    CompletableFuture<Done> run(
            RegisterKey key,
            VersionId version,
            boolean mayHaveBeenSent,
            Change change,
            Durability durability,
            Duration timeout) {
        return run(key, version, mayHaveBeenSent, change, durability, BallotWindow.ANY, timeout);
    }

    /** @param window ballots under which it may happen */
    CompletableFuture<Done> run(
            RegisterKey key,
            VersionId version,
            boolean mayHaveBeenSent,
            Change change,
            Durability durability,
            BallotWindow window,
            Duration timeout) {
        return node.ownership(timeout)
                .thenCompose(ready -> node.registers()
                        .change(key, version, mayHaveBeenSent, change, durability == Durability.ALL, window, timeout))
                .thenCompose(outcome -> finish(key, version, outcome));
    }

    private CompletableFuture<Done> finish(RegisterKey key, VersionId version, Outcome outcome) {
        if (outcome instanceof Outcome.Done done) {
            Done result = new Done(done.value(), done.acked(), done.open());
            return oweWhatIsMissing(key, done)
                    .exceptionallyCompose(lost -> CompletableFuture.failedFuture(notRecorded(version, lost)))
                    .thenApply(owed -> result);
        } else if (outcome instanceof Outcome.Refused refused) {
            return CompletableFuture.failedFuture(new PreconditionFailedException(
                    name(key) + ": " + refused.reason(), storedToken(key, refused.current()), null));
        } else if (outcome instanceof Outcome.Unavailable unavailable) {
            return CompletableFuture.failedFuture(new UnavailableException(unavailable.reason()));
        }
        Outcome.Indeterminate maybe = (Outcome.Indeterminate) outcome;
        return CompletableFuture.failedFuture(new IndeterminateException(
                maybe.reason() + "; it may still appear; repeating version " + version + " is safe", version));
    }

    /** An owner that is known to be down is owed durably before the ack; one that is only slow, when it has been given up. */
    private CompletableFuture<Void> oweWhatIsMissing(RegisterKey key, Outcome.Done done) {
        List<NodeId> down = done.open().stream()
                .filter(owner -> !node.rpc().reachable(owner))
                .toList();
        done.missing().thenAccept(missing -> {
            List<NodeId> slow =
                    missing.stream().filter(owner -> !down.contains(owner)).toList();
            owing.manifest(key, slow, "no ack at commit");
        });
        return owing.manifest(key, down, "down at commit");
    }

    /** Committed, and yet less than was promised: the caller must not take it for done, nor for undone. */
    static IndeterminateException notRecorded(VersionId version, Throwable lost) {
        return new IndeterminateException(
                "version " + version
                        + " is stored on a majority, but this node could not record the copies still owed: "
                        + lost.getMessage() + "; repeating it is safe",
                version,
                lost);
    }

    /** Registers of reserved buckets hold no files. */
    private static OptionalLong storedToken(RegisterKey key, RegisterValue current) {
        return key.bucket().startsWith("$") ? OptionalLong.empty() : Manifest.tokenOf(current);
    }

    static String name(RegisterKey key) {
        return key.bucket() + "/" + key.key();
    }
}
