package io.keplerfs.files;

import io.keplerfs.IndeterminateException;
import io.keplerfs.KeplerException;
import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Failures;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The application's calls that run on a node, so that closing it leaves nobody waiting for ever. Whoever closes the node calls
 * {@link #drain}, takes the node off the network so that what is left fails by itself, calls {@link #end}, stops the loop and
 * the store, and calls {@link #cutOff}. Safe for use by several threads.
 *
 * <p>A write that is cut off fails with {@link IndeterminateException} if the caller named its version. Otherwise nobody could
 * repeat it safely under a version, and it fails with {@link UnavailableException} whose message says that it may still appear.
 */
public final class OpenCalls {
    private static final Logger log = LoggerFactory.getLogger(OpenCalls.class);

    private enum State {
        OPEN,
        DRAINING,
        ENDED
    }

    private final String node;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition nothingRuns = lock.newCondition();
    /** What cuts each async call off; guarded by the lock. */
    private final Set<Runnable> async = new HashSet<>();
    /** Guarded by the lock. */
    private final Set<Blocking> blocking = new HashSet<>();
    /** Changed under the lock. */
    private volatile State state = State.OPEN;

    /** @param label the node's, for messages */
    public OpenCalls(String label) {
        this.node = "node " + label;
    }

    /** Work on the caller's thread. */
    interface Work<T> {
        T run() throws IOException;
    }

    /** One blocking call; {@code interrupted} is guarded by the lock. */
    private static final class Blocking {
        private final Thread thread = Thread.currentThread();
        private boolean interrupted;

        void cutOff() {
            if (!thread.isInterrupted()) {
                interrupted = true;
                thread.interrupt();
            }
        }
    }

    /** How a read ends that is cut off. */
    Supplier<KeplerException> reading() {
        return this::closed;
    }

    /** How a write ends that is cut off. */
    Supplier<KeplerException> writing(Optional<VersionId> version) {
        String lost = node + " was closed before the write had ended; it may still appear";
        return () -> version.<KeplerException>map(
                        id -> new IndeterminateException(lost + "; repeating version " + id + " is safe", id))
                .orElseGet(() -> new UnavailableException(lost));
    }

    UnavailableException closed() {
        return new UnavailableException(node + " is closed");
    }

    boolean hasEnded() {
        return state == State.ENDED;
    }

    /** Runs an async call; its future always completes, with an {@link UnavailableException} at once if the node is closing. */
    <T> CompletableFuture<T> track(Supplier<KeplerException> ifCutOff, Supplier<CompletableFuture<T>> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Runnable cutOff = () -> result.completeExceptionally(ifCutOff.get());
        if (!begin(async, cutOff, State.OPEN)) {
            return CompletableFuture.failedFuture(closed());
        }
        try {
            call.get().whenComplete((value, failure) -> {
                end(async, cutOff);
                if (failure == null) {
                    result.complete(value);
                } else {
                    result.completeExceptionally(outcome(failure, ifCutOff));
                }
            });
        } catch (RejectedExecutionException closing) {
            end(async, cutOff);
            result.completeExceptionally(outcome(closing, ifCutOff));
        } catch (RuntimeException bug) {
            end(async, cutOff);
            throw bug;
        }
        return result;
    }

    /** Runs a blocking call. */
    <T> T run(Supplier<KeplerException> ifCutOff, Work<T> work) throws IOException {
        return run(ifCutOff, work, State.OPEN);
    }

    /** Runs a part of something that began earlier, such as the next read of a stream: until the very end of the node. */
    <T> T carryOn(Supplier<KeplerException> ifCutOff, Work<T> work) throws IOException {
        return run(ifCutOff, work, State.DRAINING);
    }

    private <T> T run(Supplier<KeplerException> ifCutOff, Work<T> work, State latest) throws IOException {
        Blocking call = new Blocking();
        if (!begin(blocking, call, latest)) {
            throw closed();
        }
        try {
            return work.run();
        } catch (IOException | RuntimeException failure) {
            Throwable outcome = outcome(failure, ifCutOff);
            if (outcome instanceof IOException ended) {
                throw ended;
            }
            throw failure;
        } finally {
            end(blocking, call);
            if (call.interrupted) {
                // The interrupt was this node's way to end the call; the application must not take it for one of its
                // own.
                Thread.interrupted();
            }
        }
    }

    private <C> boolean begin(Set<C> calls, C call, State latest) {
        lock.lock();
        try {
            return state.compareTo(latest) <= 0 && calls.add(call);
        } finally {
            lock.unlock();
        }
    }

    private <C> void end(Set<C> calls, C call) {
        lock.lock();
        try {
            calls.remove(call);
            if (async.isEmpty() && blocking.isEmpty()) {
                nothingRuns.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** What the caller is told: when the node has ended, parts of it fail with what only this class can explain. */
    private Throwable outcome(Throwable thrown, Supplier<KeplerException> ifCutOff) {
        Throwable failure = Failures.unwrap(thrown);
        if (failure instanceof RejectedExecutionException) {
            return new UnavailableException(node + " is closed", failure);
        }
        boolean explained = failure instanceof KeplerException && !(failure.getCause() instanceof InterruptedException);
        if (failure == null || explained || !hasEnded()) {
            return failure == null ? thrown : failure;
        }
        KeplerException outcome = ifCutOff.get();
        outcome.addSuppressed(failure);
        return outcome;
    }

    /** Refuses new calls from now on, and waits for the running ones, but no longer than this. */
    public void drain(Duration longest) {
        become(State.DRAINING, longest);
    }

    /** Waits once more, and then refuses what is left of running calls, too. */
    public void end(Duration longest) {
        become(State.DRAINING, longest);
        become(State.ENDED, Duration.ZERO);
    }

    private void become(State next, Duration longest) {
        lock.lock();
        try {
            state = next;
            long left = longest.toNanos();
            while (left > 0 && !(async.isEmpty() && blocking.isEmpty())) {
                left = nothingRuns.awaitNanos(left);
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends every call that still runs: futures fail, blocked threads are interrupted. Only after the loop and the store have
     * ended: an upload whose commit is interrupted would otherwise drop the chunks of a file that may still appear.
     */
    public void cutOff() {
        List<Runnable> futures;
        lock.lock();
        try {
            state = State.ENDED;
            if (async.size() + blocking.size() > 0) {
                log.warn("{} is closed; {} running calls are cut off", node, async.size() + blocking.size());
            }
            blocking.forEach(Blocking::cutOff);
            futures = List.copyOf(async);
        } finally {
            lock.unlock();
        }
        futures.forEach(Runnable::run);
    }
}
