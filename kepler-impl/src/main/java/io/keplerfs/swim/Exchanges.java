package io.keplerfs.swim;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One question and one answer over a connection of its own: {@code u32 length, envelope} each way. Any thread.
 *
 * <p>For maintainers: sockets block, and a peer may stop reading or writing at any byte. So every socket has one deadline for all
 * it does, and {@link #closeOverdue}, called again and again by the membership's thread, closes those that passed it, which ends
 * whatever they were blocked in.
 */
final class Exchanges implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Exchanges.class);

    /** Ample for ten megabytes on a slow link; an exchange that failed is repeated anyway. */
    private static final long DEADLINE_NANOS = Duration.ofSeconds(10).toNanos();

    /** An address that swallows packets must not hold a thread for long. */
    private static final int CONNECT_MILLIS = 2_000;

    private static final int MAX_ASKING = 8;
    private static final int MAX_WAITING_TO_ASK = 256;

    /** Bounds what unknown callers can make us hold: so many threads, each with at most one message. */
    private static final int MAX_ANSWERING = 16;

    private static final long ACCEPT_RETRY_NANOS = Duration.ofMillis(50).toNanos();
    private static final int READ_AT_ONCE_BYTES = 64 << 10;

    private final Post post;
    private final Addresses addresses;
    private final Counters counters;
    private final LongSupplier nanoClock;
    private final ThreadPoolExecutor asking;
    private final ThreadPoolExecutor answering;
    private final Map<Socket, Long> deadlines = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Exchanges(Post post, Addresses addresses, Counters counters, LongSupplier nanoClock, ThreadFactory threads) {
        this.post = post;
        this.addresses = addresses;
        this.counters = counters;
        this.nanoClock = nanoClock;
        asking = new ThreadPoolExecutor(
                MAX_ASKING, MAX_ASKING, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING_TO_ASK), threads);
        asking.allowCoreThreadTimeOut(true);
        answering = new ThreadPoolExecutor(0, MAX_ANSWERING, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    }

    /**
     * The letter with the {@link GossipMessage.Reply}, or null for whatever reason there is none, goes to {@code done} on some
     * thread. Does not wait.
     */
    void ask(Endpoint there, Letter request, Consumer<@Nullable Letter> done) {
        counters.exchangesAsked.increment();
        if (!run(() -> done.accept(askNow(there, request)))) {
            done.accept(null);
        }
    }

    /** Runs something that may wait for the network, if there is room. */
    boolean run(Runnable task) {
        try {
            asking.execute(task);
            return true;
        } catch (RejectedExecutionException full) {
            counters.overloaded.increment();
            return false;
        }
    }

    private @Nullable Letter askNow(Endpoint there, Letter request) {
        Socket socket = new Socket();
        try (socket) {
            limit(socket);
            socket.connect(addresses.lookUp(there), CONNECT_MILLIS);
            socket.setTcpNoDelay(true);
            write(socket, request);
            Letter letter = post.unpack(read(socket), there);
            if (letter != null && letter.message() instanceof GossipMessage.Reply) {
                return letter;
            }
            refuseKind(letter, there);
        } catch (IOException failed) {
            LOG.debug(
                    "{} did not answer a {}: {}",
                    there,
                    request.message().getClass().getSimpleName(),
                    failed.toString());
        } finally {
            deadlines.remove(socket);
        }
        counters.exchangesFailed.increment();
        return null;
    }

    /**
     * Accepts until closed.
     *
     * @param answerer takes a letter with a request and gives the reply, or null for none; called on many threads
     */
    void serve(ServerSocket connections, Function<Letter, CompletableFuture<@Nullable Letter>> answerer) {
        while (!closed && !connections.isClosed()) {
            try {
                Socket caller = connections.accept();
                hand(caller, answerer);
            } catch (IOException failed) {
                if (!connections.isClosed()) {
                    LOG.warn("cannot accept gossip connections: {}; trying on", failed.toString());
                    // Out of file descriptors, most likely: trying at once would only burn a processor.
                    LockSupport.parkNanos(ACCEPT_RETRY_NANOS);
                }
            }
        }
    }

    private void hand(Socket caller, Function<Letter, CompletableFuture<@Nullable Letter>> answerer)
            throws IOException {
        try {
            answering.execute(() -> answerNow(caller, answerer));
        } catch (RejectedExecutionException full) {
            counters.overloaded.increment();
            caller.close();
        }
    }

    private void answerNow(Socket caller, Function<Letter, CompletableFuture<@Nullable Letter>> answerer) {
        try (caller) {
            limit(caller);
            caller.setTcpNoDelay(true);
            Letter letter = post.unpack(read(caller), caller.getRemoteSocketAddress());
            if (letter == null || !(letter.message() instanceof GossipMessage.Request)) {
                refuseKind(letter, caller.getRemoteSocketAddress());
                return;
            }
            Letter reply = answerer.apply(letter).get(DEADLINE_NANOS, TimeUnit.NANOSECONDS);
            if (reply != null) {
                write(caller, reply);
                counters.exchangesAnswered.increment();
            }
        } catch (IOException | ExecutionException | TimeoutException failed) {
            LOG.debug("no answer for {}: {}", caller, failed.toString());
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        } finally {
            deadlines.remove(caller);
        }
    }

    private void refuseKind(@Nullable Letter letter, Object from) {
        if (letter != null) {
            String kind = letter.message().getClass().getSimpleName();
            post.refuse(Refusal.MALFORMED, from, "a " + kind + " does not belong on this side of a connection");
        }
    }

    private void write(Socket socket, Letter letter) throws IOException {
        byte[] envelope = post.pack(letter);
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
        out.writeInt(envelope.length);
        out.write(envelope);
        out.flush();
        counters.streamBytesSent.add(Integer.BYTES + envelope.length);
    }

    private byte[] read(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        int length = in.readInt();
        if (length < 0 || length > GossipCodec.MAX_STREAM_BYTES) {
            post.refuse(
                    length < 0 ? Refusal.MALFORMED : Refusal.OVERSIZED,
                    socket.getRemoteSocketAddress(),
                    "it announces " + length + " bytes");
            throw new IOException("a message of " + length + " bytes was announced, at most "
                    + GossipCodec.MAX_STREAM_BYTES + " are allowed");
        }
        // Memory grows with what really arrives, not with what a stranger announces.
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(Math.min(length, READ_AT_ONCE_BYTES));
        while (bytes.size() < length) {
            byte[] part = in.readNBytes(Math.min(length - bytes.size(), READ_AT_ONCE_BYTES));
            if (part.length == 0) {
                throw new IOException("the connection ended after " + bytes.size() + " of " + length + " bytes");
            }
            bytes.writeBytes(part);
        }
        counters.streamBytesReceived.add(Integer.BYTES + length);
        return bytes.toByteArray();
    }

    /** The caller takes the socket out again when it is done with it. */
    private void limit(Socket socket) throws IOException {
        deadlines.put(socket, nanoClock.getAsLong() + DEADLINE_NANOS);
        // Only now: close() either sees this socket or is seen here.
        if (closed) {
            throw new IOException("this node is closing");
        }
    }

    void closeOverdue(long nowNanos) {
        deadlines.forEach((socket, deadline) -> {
            if (deadline - nowNanos <= 0 && deadlines.remove(socket, deadline)) {
                counters.overdue.increment();
                close(socket);
            }
        });
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException failed) {
            LOG.debug("closing {}", socket, failed);
        }
    }

    /** Ends all exchanges under way; their threads end with them. */
    @Override
    public void close() {
        closed = true;
        asking.shutdownNow();
        answering.shutdownNow();
        deadlines.keySet().forEach(Exchanges::close);
    }

    /** Whether every thread has ended in time. */
    boolean awaitEnd(long nanos) throws InterruptedException {
        return asking.awaitTermination(nanos, TimeUnit.NANOSECONDS)
                && answering.awaitTermination(nanos, TimeUnit.NANOSECONDS);
    }
}
