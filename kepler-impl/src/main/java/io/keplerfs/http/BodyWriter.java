package io.keplerfs.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a long body from a worker, never faster than the client takes it. Owned by that worker.
 *
 * <p>The head goes out with the first piece, so that a file whose first bytes cannot be read still gets a proper status. After
 * that the body is as long as announced, or the connection is cut: a client never takes part of a file for the file.
 */
final class BodyWriter {
    private static final Logger LOG = LoggerFactory.getLogger(BodyWriter.class);

    /** One piece is on its way while the next is read. */
    private static final int PIECES_ON_THE_WAY = 2;

    private final Exchange exchange;
    private final HttpConnection connection;
    private final ChannelHandlerContext ctx;
    private final Duration stall;
    private final Reply head;
    private final Semaphore room = new Semaphore(PIECES_ON_THE_WAY);
    private boolean begun;
    private long sent;

    BodyWriter(Exchange exchange, HttpConnection connection, ChannelHandlerContext ctx, Duration stall, Reply head) {
        this.exchange = exchange;
        this.connection = connection;
        this.ctx = ctx;
        this.stall = stall;
        this.head = head;
    }

    /** Sends the prefix and then exactly so many bytes of the stream. */
    void copy(byte[] prefix, InputStream in, long length) throws IOException {
        byte[] before = prefix;
        long left = length;
        while (left > 0) {
            int wanted = (int) Math.min(left, GatewayLimits.PIECE_BYTES);
            write(piece(before, in, wanted));
            before = new byte[0];
            left -= wanted;
        }
    }

    private ByteBuf piece(byte[] prefix, InputStream in, int wanted) throws IOException {
        int full = prefix.length + wanted;
        ByteBuf piece = ctx.alloc().directBuffer(full);
        try {
            piece.writeBytes(prefix);
            while (piece.readableBytes() < full) {
                if (piece.writeBytes(in, full - piece.readableBytes()) < 0) {
                    throw new EOFException("the content ended early, " + (full - piece.readableBytes())
                            + " bytes of this piece and " + sent + " of " + head.contentLength() + " are sent");
                }
            }
            return piece.retain();
        } finally {
            piece.release();
        }
    }

    /** Takes the bytes over; waits until the client has taken all but the last piece. */
    private void write(ByteBuf bytes) throws IOException {
        try {
            awaitRoom();
            if (!begun) {
                begin();
            }
        } catch (IOException gone) {
            bytes.release();
            throw gone;
        }
        sent += bytes.readableBytes();
        ctx.writeAndFlush(new DefaultHttpContent(bytes)).addListener(done -> room.release());
    }

    private void awaitRoom() throws IOException {
        try {
            if (!room.tryAcquire(stall.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new ClientLost("the client took nothing of its answer for " + stall.toMillis() + " ms");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while sending", interrupted);
        }
        if (!ctx.channel().isActive()) {
            throw new ClientLost("the client closed the connection");
        }
    }

    private void begin() throws IOException {
        if (!exchange.claim()) {
            throw new IOException("answered otherwise in the meantime");
        }
        begun = true;
        ctx.write(connection.head(exchange, head));
    }

    /** Ends the body; the connection serves its next request once the client has it. */
    void end(byte[] suffix) {
        if (sent + suffix.length != head.contentLength()) {
            throw new IllegalStateException("announced " + head.contentLength() + " bytes and sent "
                    + (sent + suffix.length) + "; the parts were not added up right");
        }
        ByteBuf last = ctx.alloc().buffer(suffix.length).writeBytes(suffix);
        ctx.writeAndFlush(new DefaultLastHttpContent(last))
                .addListener(done -> connection.sent(exchange, head.status(), done.isSuccess()));
    }

    /** Answers with what the failure means, or cuts the connection if the status is already sent. */
    void fail(Throwable failure) {
        if (!begun) {
            exchange.fail(failure);
            return;
        }
        if (ctx.channel().isActive() && !(failure instanceof ClientLost)) {
            LOG.warn("{}: cut off after {} of {} bytes", exchange, sent, head.contentLength(), failure);
        } else {
            LOG.debug("{}: its client left after {} of {} bytes", exchange, sent, head.contentLength(), failure);
        }
        ctx.close();
    }

    /** Nothing an operator must act on. */
    private static final class ClientLost extends IOException {
        ClientLost(String message) {
            super(message);
        }
    }
}
