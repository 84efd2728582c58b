package io.keplerfs.swim;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.DatagramChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one port number, for datagrams and for connections. */
record GossipPort(DatagramChannel datagrams, ServerSocket connections, int number) implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GossipPort.class);

    /** A port that is free for TCP is nearly always free for UDP as well; so many misses in a row mean something else. */
    private static final int ATTEMPTS_AT_ANY_PORT = 32;

    static GossipPort bind(String host, int port) throws IOException {
        IOException last = new IOException("no attempt was made");
        for (int attempt = 0; attempt < (port == 0 ? ATTEMPTS_AT_ANY_PORT : 1); attempt++) {
            try {
                return bindBoth(InetAddress.getByName(host), port);
            } catch (IOException taken) {
                last = taken;
            }
        }
        throw new IOException(
                "cannot listen for gossip on " + host + ":" + port + " (UDP and TCP): " + last.getMessage()
                        + "; choose another GOSSIP_PORT or BIND_HOST, or stop what uses it",
                last);
    }

    private static GossipPort bindBoth(InetAddress address, int port) throws IOException {
        ServerSocket connections = new ServerSocket();
        try {
            connections.setReuseAddress(true);
            connections.bind(new InetSocketAddress(address, port));
            int number = connections.getLocalPort();
            return new GossipPort(openDatagrams(new InetSocketAddress(address, number)), connections, number);
        } catch (IOException taken) {
            connections.close();
            throw taken;
        }
    }

    private static DatagramChannel openDatagrams(InetSocketAddress address) throws IOException {
        DatagramChannel datagrams = DatagramChannel.open();
        try {
            return datagrams.bind(address);
        } catch (IOException taken) {
            datagrams.close();
            throw taken;
        }
    }

    @Override
    public void close() {
        try (connections) {
            datagrams.close();
        } catch (IOException failed) {
            LOG.debug("closing gossip port {}", number, failed);
        }
    }
}
