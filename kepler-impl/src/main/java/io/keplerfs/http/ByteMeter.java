package io.keplerfs.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** Counts the bytes of one connection as they are on the wire, and tells it when the first ones of a request come. */
final class ByteMeter extends ChannelDuplexHandler {
    private final Metrics metrics;
    private final HttpConnection connection;

    ByteMeter(Metrics metrics, HttpConnection connection) {
        this.metrics = metrics;
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            metrics.bytesIn.add(bytes.readableBytes());
            connection.bytesCame();
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            metrics.bytesOut.add(bytes.readableBytes());
        }
        ctx.write(message, promise);
    }
}
