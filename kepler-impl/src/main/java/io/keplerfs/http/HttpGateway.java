package io.keplerfs.http;

import io.keplerfs.KeplerCluster;
import io.keplerfs.NodeHealth;
import io.keplerfs.values.Measure;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the HTTP API of docs/http.md for one cluster.
 *
 * <p>It owns its event loops and workers and nothing else: closing it leaves the cluster open. Close it before the node, so that
 * running requests still find a store.
 */
public final class HttpGateway implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpGateway.class);

    /** Connections the kernel holds while the gateway is busy accepting. */
    private static final int BACKLOG = 1024;

    /** After the drain everything was cut; threads that still run are about to notice. */
    private static final Duration LAST_STEPS = Duration.ofSeconds(2);

    private final GatewayContext context;
    private final EventLoopGroup loops;
    private final ChannelGroup connections;
    private final Channel listener;
    private final int port;
    private final AtomicBoolean closed = new AtomicBoolean();

    private HttpGateway(GatewayContext context, EventLoopGroup loops, ChannelGroup connections, Channel listener) {
        this.context = context;
        this.loops = loops;
        this.connections = connections;
        this.listener = listener;
        this.port = ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /**
     * Listens; returns when the port is bound.
     *
     * @param health asked for every probe, on an event loop that it must not block
     * @param measures what {@code /metrics} shows beside the gateway's own numbers; on an event loop, too
     * @throws IOException naming host, port and HTTP_PORT if it cannot listen there
     */
    public static HttpGateway start(
            GatewayOptions options,
            KeplerCluster cluster,
            Supplier<NodeHealth> health,
            Supplier<List<Measure>> measures)
            throws IOException {
        GatewayContext context = new GatewayContext(options, cluster, health, measures);
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                options.limits().ioThreads(), options.threads(), NioIoHandler.newFactory());
        ChannelGroup connections = new DefaultChannelGroup(loops.next());
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new GatewayInitializer(context, connections))
                .bind(options.bindHost(), options.port())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stop(loops);
            throw new IOException(
                    "the HTTP gateway cannot listen on " + options.bindHost() + ":" + options.port() + " ("
                            + bound.cause().getMessage() + "); stop what uses the port, or set HTTP_PORT or BIND_HOST",
                    bound.cause());
        }
        HttpGateway gateway = new HttpGateway(context, loops, connections, bound.channel());
        LOG.info("node {} serves HTTP on {}:{}", options.label(), options.bindHost(), gateway.port());
        return gateway;
    }

    /** The port it really listens on. */
    public int port() {
        return port;
    }

    /**
     * Stops accepting, lets running requests end for as long as {@link GatewayLimits.Timeouts#drain} says, cuts what is left and
     * ends every thread. Idle connections are closed at once. Closing twice is harmless.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        context.draining = true;
        listener.close().awaitUninterruptibly();
        for (Channel channel : connections) {
            HttpConnection connection = channel.pipeline().get(HttpConnection.class);
            if (connection != null) {
                channel.eventLoop().execute(connection::drain);
            }
        }
        long drainMillis = context.timeouts().drain().toMillis();
        if (!connections.newCloseFuture().awaitUninterruptibly(drainMillis)) {
            LOG.warn("{} HTTP requests did not end within {} ms and are cut off", connections.size(), drainMillis);
        }
        connections.close().awaitUninterruptibly(LAST_STEPS.toMillis());
        context.workers.stop(LAST_STEPS);
        stop(loops);
        LOG.info("node {} no longer serves HTTP on port {}", context.options.label(), port);
    }

    private static void stop(EventLoopGroup loops) {
        loops.shutdownGracefully(0, LAST_STEPS.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(2 * LAST_STEPS.toMillis());
    }
}
