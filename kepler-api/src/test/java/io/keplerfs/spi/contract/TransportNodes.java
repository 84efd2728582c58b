package io.keplerfs.spi.contract;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** The nodes of one test of {@link TransportContract}: started transports that know each other's addresses. */
final class TransportNodes implements AutoCloseable {
    /** How long a call may take that is expected to be answered or refused: far more than a busy machine needs. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Callable<Transport> newTransport;
    private final String host;
    private final List<Node> nodes = new ArrayList<>();
    private int ids;

    TransportNodes(Callable<Transport> newTransport, String host) {
        this.newTransport = newTransport;
        this.host = host;
    }

    /** Starts a node that answers with the handler. */
    Node start(Transport.Handler handler) throws Exception {
        return start(newId(), 0, "", handler);
    }

    Node start(NodeId id, int port, String secret, Transport.Handler handler) throws Exception {
        Transport transport = newTransport.call();
        RecordedThreads threads = new RecordedThreads(id);
        int bound = transport.start(new Transport.Local(id, host, port, secret, threads), handler);
        Node node = new Node(transport, new Peer(id, host, bound), threads);
        nodes.add(node);
        return node;
    }

    /** Starts a node again, at the address it had. */
    Node restart(Node earlier, Transport.Handler handler) throws Exception {
        return start(earlier.peer.id(), earlier.peer.transferPort(), "", handler);
    }

    NodeId newId() {
        ids++;
        return new NodeId(new UUID(ids, 0x8000_0000_0000_0000L | ids));
    }

    @Override
    public void close() {
        nodes.forEach(node -> node.transport.close());
        nodes.forEach(node -> node.threads.awaitEnd(PATIENCE));
    }

    /** One started transport and how others reach it. */
    record Node(Transport transport, Peer peer, RecordedThreads threads) {
        CompletableFuture<Message> call(Node to, Lane lane, Message request) {
            return transport.call(to.peer, lane, request, PATIENCE);
        }

        /** Calls on the control lane with the words as head. */
        CompletableFuture<Message> ask(Node to, String words) {
            return call(to, Lane.CONTROL, message(words));
        }
    }

    static Message message(String head) {
        return Message.of(ByteBuffer.wrap(head.getBytes(StandardCharsets.UTF_8)));
    }

    static Message message(String head, byte[] body) {
        return new Message(ByteBuffer.wrap(head.getBytes(StandardCharsets.UTF_8)), ByteBuffer.wrap(body));
    }

    static String words(Message message) {
        return new String(bytes(message.head()), StandardCharsets.UTF_8);
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    /** Answers with copies of what was asked. */
    static void echo(NodeId from, Message request, Transport.Responder responder) {
        responder.respond(new Message(ByteBuffer.wrap(bytes(request.head())), ByteBuffer.wrap(bytes(request.body()))));
    }
}
