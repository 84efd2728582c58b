package io.keplerfs.examples.daemon;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Ports for a process that will be killed and started again on the same ones. They lie below the range from which systems take
 * ports for outgoing connections: one from that range may be taken while the process is down, even by a peer's attempt to
 * reconnect to it.
 */
public final class FreePorts {
    private static final int LOWEST = 20_000;
    private static final int ABOVE_HIGHEST = 32_000;
    private static final int ATTEMPTS = 1_000;

    private final SplittableRandom random;
    private final Set<Integer> given = new HashSet<>();

    public FreePorts(SplittableRandom random) {
        this.random = random;
    }

    /** A loopback port that is free now for TCP and UDP; each call gives another one. */
    public int next() throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = random.nextInt(LOWEST, ABOVE_HIGHEST);
            if (!given.contains(port) && isFree(port)) {
                given.add(port);
                return port;
            }
        }
        throw new IOException("no free port found between " + LOWEST + " and " + ABOVE_HIGHEST + " on 127.0.0.1");
    }

    private static boolean isFree(int port) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try (ServerSocket tcp = new ServerSocket();
                DatagramSocket udp = new DatagramSocket(null)) {
            tcp.bind(address);
            udp.bind(address);
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
