package io.keplerfs.tcp;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Peer;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A peer whose every byte the test decides: it greets properly, the rest is up to the test's own thread. */
final class RawPeer implements AutoCloseable {
    private final NodeId id = new NodeId(UUID.randomUUID());
    private final Handshake handshake = new Handshake(id, () -> Keyring.NONE, new SecureRandom());
    private final ServerSocketChannel server;
    private final List<SocketChannel> open = new ArrayList<>();

    RawPeer() throws IOException {
        server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    Peer peer() throws IOException {
        InetSocketAddress address = (InetSocketAddress) server.getLocalAddress();
        return new Peer(id, address.getHostString(), address.getPort());
    }

    NodeId id() {
        return id;
    }

    /** Waits for a connection without saying anything. */
    SocketChannel accept() throws IOException {
        SocketChannel channel = server.accept();
        open.add(channel);
        return channel;
    }

    /** Waits for a connection and greets it. */
    SocketChannel welcome() throws IOException {
        SocketChannel channel = accept();
        handshake.welcome(channel, handshake.receive(channel));
        return channel;
    }

    /** Connects to a node without saying anything. */
    SocketChannel knock(Peer to) throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(to.host(), to.transferPort()));
        open.add(channel);
        return channel;
    }

    /** Connects to a node and greets it. */
    SocketChannel visit(Peer to, Lane lane) throws IOException {
        SocketChannel channel = knock(to);
        handshake.call(channel, to, lane);
        return channel;
    }

    /** Reads until the other side ends the connection; true if it did so without a single byte. */
    static boolean endsSilently(SocketChannel channel) {
        try {
            return channel.read(ByteBuffer.allocate(100)) < 0;
        } catch (IOException reset) {
            return true;
        }
    }

    static void readFully(SocketChannel channel, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new IOException("only " + bytes.position() + " of " + count + " bytes came");
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (SocketChannel channel : open) {
            channel.close();
        }
    }
}
