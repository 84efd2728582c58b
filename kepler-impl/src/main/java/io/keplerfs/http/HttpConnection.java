package io.keplerfs.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection: reads one request, answers it, and only then reads the next, so answers never change places.
 *
 * <p>Owned by its event loop; {@link #head} and {@link #sent} may be called from a worker. It reads only what it asked for
 * (auto-read is off and flow control hands over one message per read): not reading is how a slow cluster slows a client down.
 *
 * <pre>
 *   HEAD -- a request's headers --> BODY -- its last byte --> SERVING -- answer sent --> HEAD
 *                                    | answered before its body was read                 | not kept alive
 *                                    '--> LINGER (the client reads the answer) -----> CLOSED
 * </pre>
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

    private enum Phase {
        HEAD,
        BODY,
        SERVING,
        LINGER,
        CLOSED
    }

    private final GatewayContext gateway;
    private final Dispatcher dispatcher;
    private ChannelHandlerContext ctx;
    private Deadline deadline;
    private Phase phase = Phase.HEAD;
    private @Nullable Exchange exchange;
    private @Nullable RequestBody body;
    private boolean headBegun;
    private boolean reading;
    private boolean readAgain;

    /** A message was asked for and has not come. */
    private boolean awaiting;

    /** The client sends no more, but may still read. What it sent before is served. */
    private boolean inputClosed;

    @SuppressWarnings("NullAway.Init") // ctx and deadline: set by handlerAdded, before any event
    HttpConnection(GatewayContext gateway, Dispatcher dispatcher) {
        this.gateway = gateway;
        this.dispatcher = dispatcher;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        deadline = new Deadline(context.executor(), gateway::nanoTime, this::expired);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        deadline.in(gateway.timeouts().head());
        readMore();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        awaiting = false;
        try {
            if (phase == Phase.LINGER) {
                readMore();
            } else if (message instanceof HttpRequest head && phase == Phase.HEAD) {
                begin(head);
            } else if (message instanceof HttpContent content && phase == Phase.BODY) {
                take(content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (phase == Phase.HEAD && headBegun) {
            headBegun = false;
            deadline.in(gateway.timeouts().head());
        }
    }

    /** Bytes came from the network, before they are parsed. */
    void bytesCame() {
        headBegun = phase == Phase.HEAD;
    }

    private void begin(HttpRequest head) {
        phase = Phase.BODY;
        headBegun = false;
        deadline.clear();
        gateway.metrics.inFlight.increment();
        Exchange begun = new Exchange(this, ctx, gateway, head);
        exchange = begun;
        try {
            MessageRules.check(head);
        } catch (Refusal malformed) {
            begun.refuse(malformed.problem());
            return;
        }
        begun.attempt(() -> {
            RequestBody taker = dispatcher.begin(begun, this::roomAgain);
            body = taker;
            if (HttpUtil.is100ContinueExpected(head)) {
                ctx.writeAndFlush(new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.CONTINUE,
                        Unpooled.EMPTY_BUFFER,
                        Reply.newHeaders(),
                        EmptyHttpHeaders.INSTANCE));
            }
            readBody(taker);
        });
    }

    private void take(HttpContent content) {
        RequestBody taker = body;
        Exchange current = exchange;
        if (taker == null || current == null) {
            return; // refused: the answer that closes this connection is on its way
        }
        DecoderResult decoded = content.decoderResult();
        if (decoded.isFailure()) {
            current.refuse(Problem.invalid("the body is malformed: "
                    + Percent.printable(String.valueOf(decoded.cause().getMessage()))));
            taker.fail(new IOException("malformed chunk", decoded.cause()));
            return;
        }
        try {
            taker.accept(content.content());
        } catch (Refusal refusal) {
            body = null;
            current.refuse(refusal.problem());
            return;
        }
        if (content instanceof LastHttpContent) {
            phase = Phase.SERVING;
            deadline.clear();
            current.requestEnded = true;
            current.attempt(taker::end);
        } else {
            readBody(taker);
        }
    }

    private void readBody(RequestBody taker) {
        if (taker.full()) {
            deadline.clear(); // now the cluster is slow, not the client
        } else {
            deadline.in(gateway.timeouts().bodySilence());
            readMore();
        }
    }

    /** Any thread. */
    private void roomAgain() {
        try {
            ctx.executor().execute(() -> {
                RequestBody taker = body;
                if (phase == Phase.BODY && taker != null) {
                    readBody(taker);
                }
            });
        } catch (RejectedExecutionException closed) {
            LOG.debug("{} went with its gateway; nothing is left to read", ctx.channel());
        }
    }

    /** A loop where a recursion would do, if it were not for a client that sends ten thousand one-byte chunks. */
    private void readMore() {
        readAgain = true;
        if (reading) {
            return;
        }
        reading = true;
        try {
            while (readAgain) {
                readAgain = false;
                awaiting = true;
                ctx.read();
            }
        } finally {
            reading = false;
        }
        closeIfNothingCanCome();
    }

    private void closeIfNothingCanCome() {
        if (awaiting && inputClosed && phase != Phase.CLOSED) {
            ctx.close();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputClosed = true;
            closeIfNothingCanCome();
        }
        context.fireUserEventTriggered(event);
    }

    /** Event loop: sends a whole answer. */
    void send(Exchange answered, Reply reply) {
        if (answered != exchange || phase == Phase.CLOSED) {
            return;
        }
        HttpResponse head = head(answered, reply);
        byte[] bytes = answered.isHead() ? new byte[0] : reply.body();
        deadline.in(gateway.timeouts().writeStall());
        ctx.writeAndFlush(new DefaultFullHttpResponse(
                        head.protocolVersion(),
                        head.status(),
                        Unpooled.wrappedBuffer(bytes),
                        head.headers(),
                        EmptyHttpHeaders.INSTANCE))
                .addListener(done -> sent(answered, reply.status(), done.isSuccess()));
    }

    /** Status line and headers of an answer, with those every answer has. */
    HttpResponse head(Exchange answered, Reply reply) {
        boolean keepAlive = answered.requestEnded && !gateway.draining && HttpUtil.isKeepAlive(answered.request());
        answered.keptAlive = keepAlive;
        reply.headers().set(HttpHeaderNames.DATE, gateway.date());
        reply.headers().set("X-Content-Type-Options", "nosniff");
        if (reply.status().code() != HttpResponseStatus.NO_CONTENT.code()
                && reply.status().code() != HttpResponseStatus.NOT_MODIFIED.code()) {
            reply.headers().set(HttpHeaderNames.CONTENT_LENGTH, reply.contentLength());
        }
        if (!keepAlive) {
            reply.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!answered.request().protocolVersion().isKeepAliveDefault()) {
            reply.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        return new DefaultHttpResponse(HttpVersion.HTTP_1_1, reply.status(), reply.headers());
    }

    /** Any thread: the last byte of an answer is with the operating system, or cannot be sent. */
    void sent(Exchange answered, HttpResponseStatus status, boolean success) {
        if (!ctx.executor().inEventLoop()) {
            ctx.executor().execute(() -> sent(answered, status, success));
            return;
        }
        if (answered != exchange) {
            return;
        }
        ended(answered, success ? Integer.toString(status.code()) : Metrics.ABORTED);
        if (success && answered.keptAlive && !gateway.draining) {
            phase = Phase.HEAD;
            deadline.in(gateway.timeouts().keepAlive());
            readMore();
        } else if (success && !answered.requestEnded) {
            linger();
        } else {
            ctx.close();
        }
    }

    /** Closing at once would reset the connection, and the client might never see why its request was refused. */
    private void linger() {
        phase = Phase.LINGER;
        deadline.in(gateway.timeouts().linger());
        ChannelFuture closed = ((DuplexChannel) ctx.channel()).shutdownOutput();
        closed.addListener(done -> readMore());
    }

    private void ended(Exchange answered, String outcome) {
        exchange = null;
        body = null;
        gateway.metrics.inFlight.decrement();
        gateway.metrics.requestEnded(
                answered.endpoint(), answered.request().method(), outcome, answered.elapsedNanos());
    }

    private void expired() {
        Exchange current = exchange;
        RequestBody taker = body;
        if (phase == Phase.BODY && current != null && taker != null) {
            long millis = gateway.timeouts().bodySilence().toMillis();
            body = null;
            current.refuse(new Problem(
                    HttpResponseStatus.REQUEST_TIMEOUT,
                    "timeout",
                    "Timeout",
                    "no byte of the body came for " + millis + " ms; nothing was changed, send it again"));
            taker.fail(new IOException("no byte came for " + millis + " ms"));
        } else {
            LOG.debug("{} closed in phase {}: its time is over", ctx.channel(), phase);
            ctx.close();
        }
    }

    /** Event loop: closes at once if idle; otherwise the answer under way will. */
    void drain() {
        if (phase == Phase.HEAD) {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        phase = Phase.CLOSED;
        deadline.cancel();
        RequestBody cut = body;
        if (exchange != null) {
            exchange.claim(); // nobody is left to answer
            ended(exchange, Metrics.ABORTED);
        }
        if (cut != null) {
            cut.fail(new IOException("the client closed the connection"));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("{} broke", context.channel(), cause);
        } else {
            LOG.error("{} failed unexpectedly and is closed", context.channel(), cause);
        }
        context.close();
    }
}
