package io.keplerfs.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.flow.FlowControlHandler;
import java.nio.charset.StandardCharsets;

/** Builds the pipeline of each accepted connection, as long as there are not too many. */
final class GatewayInitializer extends ChannelInitializer<SocketChannel> {
    private static final byte[] TOO_MANY =
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final GatewayContext gateway;
    private final Dispatcher dispatcher;
    private final ChannelGroup connections;

    GatewayInitializer(GatewayContext gateway, ChannelGroup connections) {
        this.gateway = gateway;
        this.dispatcher = new Dispatcher(gateway);
        this.connections = connections;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
        if (connections.size() >= gateway.limits().connections() || gateway.draining) {
            gateway.metrics.refusedConnections.increment();
            channel.pipeline().addLast(new Refuser());
            return;
        }
        connections.add(channel);
        HttpConnection connection = new HttpConnection(gateway, dispatcher);
        channel.pipeline()
                .addLast(new ByteMeter(gateway.metrics, connection))
                // Two handlers, not HttpServerCodec: that one pairs each response with the oldest request to know which
                // was a
                // HEAD, and a 100 Continue makes it lose count.
                .addLast(new HttpRequestDecoder(new HttpDecoderConfig()
                        .setMaxInitialLineLength(GatewayLimits.REQUEST_LINE_BYTES)
                        .setMaxHeaderSize(GatewayLimits.HEADER_BYTES)
                        .setMaxChunkSize(GatewayLimits.READ_BYTES)))
                .addLast(new HttpResponseEncoder())
                .addLast(new FlowControlHandler())
                .addLast(connection);
    }

    private static final class Refuser extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(Unpooled.wrappedBuffer(TOO_MANY)).addListener(ChannelFutureListener.CLOSE);
        }
    }
}
