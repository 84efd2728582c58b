package io.keplerfs.client;

import io.keplerfs.KeplerException;
import io.keplerfs.UnavailableException;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Sends asks through the gateways, on the calling thread or on the client's own. Safe for use by several threads. */
final class GatewayClient implements AutoCloseable {
    /** Async calls at the same time, each with a thread and a connection. */
    private static final int MAX_RUNNING = 64;

    /** Async calls that wait for a thread; more than this is a caller that does not listen to back-pressure. */
    private static final int MAX_WAITING = 4096;

    private static final int THREAD_IDLE_SECONDS = 10;

    private final Connections connections;
    private final Gateways gateways;
    private final ThreadPoolExecutor workers;

    GatewayClient(Connections connections, Gateways gateways, ThreadFactory threads) {
        this.connections = connections;
        this.gateways = gateways;
        workers = new ThreadPoolExecutor(
                MAX_RUNNING,
                MAX_RUNNING,
                THREAD_IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_WAITING),
                threads);
        workers.allowCoreThreadTimeOut(true);
    }

    /**
     * Sends the ask and reads the answer.
     *
     * @throws KeplerException the outcome, if it is not a success
     * @throws IOException what the caller's own stream threw
     */
    <T> T send(Ask ask, Reading<T> reading) throws IOException {
        return open(ask, reading.closing());
    }

    /** As {@link #send}, but an answer that was read stays open; whoever reads on closes it. */
    <T> T open(Ask ask, Reading<T> reading) throws IOException {
        if (connections.isClosed()) {
            throw closed(ask.what());
        }
        return new Trip<>(connections, gateways, ask, reading).run();
    }

    /** An answer broke off while it was read: the next ask goes elsewhere. */
    void brokeOff(Attempt attempt, String reason) {
        gateways.failed(attempt.gateway(), reason);
    }

    /** Runs a call on a thread of the client; the future completes with what it returns or throws, there. */
    <T> CompletableFuture<T> async(Callable<T> call) {
        Task<T> task = new Task<>(call, new CompletableFuture<>());
        try {
            workers.execute(task);
        } catch (RejectedExecutionException full) {
            task.future.completeExceptionally(
                    connections.isClosed()
                            ? closed("call")
                            : new UnavailableException(
                                    MAX_RUNNING + " calls run and " + MAX_WAITING + " wait already: nothing was sent",
                                    full));
        }
        return task.future;
    }

    boolean isClosed() {
        return connections.isClosed();
    }

    /** Breaks off what runs, refuses what waits. Idempotent. */
    @Override
    public void close() {
        connections.close();
        for (Runnable waiting : workers.shutdownNow()) {
            ((Task<?>) waiting).future.completeExceptionally(closed("call"));
        }
    }

    private static UnavailableException closed(String what) {
        return new UnavailableException(what + ": the client is closed, nothing was sent");
    }

    private record Task<T>(Callable<T> call, CompletableFuture<T> future) implements Runnable {
        @Override
        public void run() {
            try {
                future.complete(call.call());
            } catch (Throwable failure) { // also an Error: whoever waits must not wait for ever
                future.completeExceptionally(failure);
            }
        }
    }
}
