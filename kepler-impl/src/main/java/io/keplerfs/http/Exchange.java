package io.keplerfs.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and the right to answer it. Any thread may answer; the first answer is sent, later ones are dropped (a worker
 * may learn that its client broke off after the connection has already said so).
 */
final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private final HttpConnection connection;
    private final ChannelHandlerContext ctx;
    private final GatewayContext gateway;
    private final HttpRequest request;
    private final Endpoint endpoint;
    private final long startedNanos;
    private final AtomicBoolean answered = new AtomicBoolean();

    /** Set by the event loop before the request is served: its last byte has been read. */
    boolean requestEnded;

    /** What the head of the answer says; set with it. */
    boolean keptAlive;

    Exchange(HttpConnection connection, ChannelHandlerContext ctx, GatewayContext gateway, HttpRequest request) {
        this.connection = connection;
        this.ctx = ctx;
        this.gateway = gateway;
        this.request = request;
        this.endpoint = request.decoderResult().isFailure() ? Endpoint.NONE : Route.endpointOf(request.uri());
        this.startedNanos = gateway.nanoTime();
    }

    HttpRequest request() {
        return request;
    }

    HttpHeaders headers() {
        return request.headers();
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /** Whether the client is on this machine. */
    boolean isFromLoopback() {
        return ctx.channel().remoteAddress() instanceof InetSocketAddress client
                && client.getAddress() != null
                && client.getAddress().isLoopbackAddress();
    }

    boolean isHead() {
        return request.method().equals(HttpMethod.HEAD);
    }

    void answer(Reply reply) {
        if (!claim()) {
            LOG.debug("{} was already answered; dropped {}", this, reply.status());
            return;
        }
        try {
            ctx.executor().execute(() -> connection.send(this, reply));
        } catch (RejectedExecutionException closed) {
            LOG.debug("{} was ready only after the gateway had closed", this);
        }
    }

    void refuse(Problem problem) {
        answer(problem.reply());
    }

    /** Answers with what the failure means; an unexpected one is logged. */
    void fail(Throwable failure) {
        if (answered.get() || !ctx.channel().isActive()) {
            LOG.debug("{} failed, but was answered before or has lost its client", this, failure);
            return;
        }
        refuse(gateway.failures.problem(toString(), failure));
    }

    /** Goes on with the result of a call, on the thread that completes it; a failure of either becomes the answer. */
    <T> void then(CompletableFuture<T> call, Step<T> next) {
        call.whenComplete((result, failure) -> {
            if (failure != null) {
                fail(failure);
            } else {
                attempt(() -> next.accept(result));
            }
        });
    }

    /** Runs a step; whatever it throws becomes the answer, so that no client waits for one that never comes. */
    void attempt(Attempt step) {
        try {
            step.run();
        } catch (Throwable failure) {
            fail(failure);
        }
    }

    /** For an answer whose body follows piece by piece from a worker. */
    BodyWriter stream(Reply head) {
        return new BodyWriter(this, connection, ctx, gateway.timeouts().writeStall(), head);
    }

    /** Takes the right to answer; false if it is gone. */
    boolean claim() {
        return answered.compareAndSet(false, true);
    }

    /** Answers late with something lesser, unless the answer has come by then. */
    void answerAfter(Duration patience, Supplier<Reply> instead) {
        ctx.executor()
                .schedule(
                        () -> {
                            if (!answered.get()) {
                                attempt(() -> answer(instead.get()));
                            }
                        },
                        patience.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    long elapsedNanos() {
        return gateway.nanoTime() - startedNanos;
    }

    /** A step that may be refused. */
    @FunctionalInterface
    interface Attempt {
        void run() throws Exception;
    }

    /** A step with the result of the one before. */
    @FunctionalInterface
    interface Step<T> {
        void accept(T result) throws Exception;
    }

    /** Logged: method and raw target, without what could break a line. */
    @Override
    public String toString() {
        return Percent.printable(request.method().name()) + " " + Percent.printable(request.uri());
    }
}
