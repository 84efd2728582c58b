package io.keplerfs.memory;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A {@link Transport} without sockets: peers are found by their node id alone, host and port mean nothing. */
final class MemoryTransport implements Transport {
    private final MemoryNetwork network;
    private volatile @Nullable Station station;

    MemoryTransport(MemoryNetwork network) {
        this.network = network;
    }

    @Override
    public int start(Local local, Handler handler) throws IOException {
        Station started = new Station(network, local, handler);
        network.add(started);
        station = started;
        return 0;
    }

    @Override
    public CompletableFuture<Message> call(Peer to, Lane lane, Message request, Duration timeout) {
        Station from = station;
        if (from == null) {
            throw new IllegalStateException("call to node " + to.id() + " before the transport was started");
        }
        int head = request.head().remaining();
        int body = request.body().remaining();
        if (!Limits.allow(lane, head, body)) {
            throw new IllegalArgumentException("a message with a head of " + head + " and a body of " + body
                    + " bytes is too large for the lane " + lane);
        }
        return from.call(to, lane, request, timeout);
    }

    @Override
    public boolean reachable(Peer peer) {
        Station from = station;
        return from == null || from.reachable(peer.id());
    }

    @Override
    public void use(Keyring keys) {
        Station started = station;
        if (started == null) {
            throw new IllegalStateException("keys " + keys + " before the transport was started");
        }
        started.use(keys);
    }

    @Override
    public void close() {
        Station started = station;
        if (started != null) {
            started.close();
        }
    }
}
