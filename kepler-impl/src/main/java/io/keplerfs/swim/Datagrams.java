package io.keplerfs.swim;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Packets out and in. Losing some is part of the protocol, so nothing here fails. Any thread. */
final class Datagrams {
    private static final Logger LOG = LoggerFactory.getLogger(Datagrams.class);
    private static final long RECEIVE_RETRY_NANOS = Duration.ofMillis(50).toNanos();

    private final DatagramChannel channel;
    private final Post post;
    private final Addresses addresses;
    private final Exchanges exchanges;
    private final Counters counters;

    Datagrams(DatagramChannel channel, Post post, Addresses addresses, Exchanges exchanges, Counters counters) {
        this.channel = channel;
        this.post = post;
        this.addresses = addresses;
        this.exchanges = exchanges;
        this.counters = counters;
    }

    /** Does not wait: a name that must be looked up first is, on another thread. */
    void send(Endpoint there, Letter packet) {
        byte[] envelope = post.pack(packet);
        InetSocketAddress known = addresses.known(there);
        if (known != null) {
            send(known, envelope);
        } else {
            exchanges.run(() -> lookUpAndSend(there, envelope));
        }
    }

    private void lookUpAndSend(Endpoint there, byte[] envelope) {
        try {
            send(addresses.lookUp(there), envelope);
        } catch (UnknownHostException unknown) {
            LOG.debug("no packet to {}: its name is unknown", there);
        }
    }

    private void send(InetSocketAddress there, byte[] envelope) {
        try {
            channel.send(ByteBuffer.wrap(envelope), there);
            counters.packetsSent.increment();
            counters.packetBytesSent.add(envelope.length);
        } catch (IOException lost) {
            LOG.debug("no packet to {}: {}", there, lost.toString());
        }
    }

    /** Receives until the channel is closed. */
    void receive(Consumer<Letter> receiver) {
        ByteBuffer buffer = ByteBuffer.allocate(GossipCodec.MAX_PACKET_BYTES + 1);
        while (channel.isOpen()) {
            try {
                buffer.clear();
                SocketAddress from = channel.receive(buffer);
                counters.packetsReceived.increment();
                counters.packetBytesReceived.add(buffer.position());
                open(buffer.flip(), from, receiver);
            } catch (IOException failed) {
                if (channel.isOpen()) {
                    LOG.warn("cannot receive gossip packets: {}; trying on", failed.toString());
                    LockSupport.parkNanos(RECEIVE_RETRY_NANOS);
                }
            }
        }
    }

    private void open(ByteBuffer buffer, SocketAddress from, Consumer<Letter> receiver) {
        if (buffer.remaining() > GossipCodec.MAX_PACKET_BYTES) {
            post.refuse(Refusal.OVERSIZED, from, "more than " + GossipCodec.MAX_PACKET_BYTES + " bytes");
            return;
        }
        byte[] envelope = new byte[buffer.remaining()];
        buffer.get(envelope);
        Letter letter = post.unpack(envelope, from);
        if (letter != null && letter.message() instanceof GossipMessage.Packet) {
            receiver.accept(letter);
        } else if (letter != null) {
            post.refuse(
                    Refusal.MALFORMED,
                    from,
                    "no packet is a " + letter.message().getClass().getSimpleName());
        }
    }
}
