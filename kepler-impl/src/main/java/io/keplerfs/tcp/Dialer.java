package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Peer;
import io.keplerfs.wire.MalformedMessageException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;

/** Opens connections to peers. Blocks the calling thread, at most for the connect and greeting limits after the name is known. */
final class Dialer {
    /** Of a name with many addresses the first few: each costs a connect limit when it is dead. */
    private static final int MAX_ADDRESSES = 3;

    private static final int MAX_PORT = 65535;

    private final Site site;
    private final Unproven unproven;
    private final Handshake handshake;

    Dialer(Site site, Unproven unproven) {
        this.site = site;
        this.unproven = unproven;
        handshake = new Handshake(site.id(), site.keys(), site.random());
    }

    /** @throws IOException saying why the peer is out of reach, without naming it */
    Connection dial(Peer peer, Lane lane) throws IOException {
        if (peer.transferPort() < 1 || peer.transferPort() > MAX_PORT) {
            throw new IOException("it has no transfer port: " + peer.transferPort());
        }
        IOException failure = null;
        for (InetAddress address : resolve(peer)) {
            try {
                return dial(new InetSocketAddress(address, peer.transferPort()), peer, lane);
            } catch (GreetingRefusedException refused) {
                throw refused;
            } catch (IOException next) {
                if (failure != null) {
                    next.addSuppressed(failure);
                }
                failure = next;
            }
        }
        throw failure == null ? new IOException("host " + peer.host() + " has no address") : failure;
    }

    private static List<InetAddress> resolve(Peer peer) throws IOException {
        List<InetAddress> all = Arrays.asList(InetAddress.getAllByName(peer.host()));
        return all.subList(0, Math.min(all.size(), MAX_ADDRESSES));
    }

    private Connection dial(InetSocketAddress address, Peer peer, Lane lane) throws IOException {
        SocketChannel channel = SocketChannel.open();
        unproven.add(channel, site.timing().connect().plus(site.timing().greeting()));
        boolean open = false;
        try {
            Sockets.configure(channel);
            connect(channel, address);
            handshake.call(channel, peer, lane);
            Connection connection = new Connection(site, channel, lane);
            open = true;
            return connection;
        } catch (ClosedChannelException late) {
            throw new IOException(
                    "it accepts connections but does not greet within "
                            + site.timing().greeting(),
                    late);
        } catch (MalformedMessageException stranger) {
            throw new IOException(stranger.getMessage(), stranger);
        } finally {
            unproven.remove(channel);
            if (!open) {
                Sockets.close(channel);
            }
        }
    }

    private void connect(SocketChannel channel, InetSocketAddress address) throws IOException {
        int limitMillis = (int) site.timing().connect().toMillis();
        try {
            channel.socket().connect(address, limitMillis);
        } catch (SocketTimeoutException slow) {
            throw new IOException("no connection within " + limitMillis + " ms", slow);
        }
    }
}
