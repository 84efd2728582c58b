package io.keplerfs.node;

import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls over a {@link Transport}. Where a node is, the membership says, or else the view; the book of servers is filled before
 * the transport starts and never changes afterwards.
 */
final class NodeRpc implements Rpc, Transport.Handler {
    private static final Logger log = LoggerFactory.getLogger(NodeRpc.class);

    private final NodeId self;
    private final Transport transport;
    private final Function<NodeId, Optional<MemberInfo>> addressBook;
    private final Map<Integer, Server> servers = new HashMap<>();
    private final Map<Kind, String> served = new EnumMap<>(Kind.class);

    NodeRpc(NodeId self, Transport transport, Function<NodeId, Optional<MemberInfo>> addressBook) {
        this.self = self;
        this.transport = transport;
        this.addressBook = addressBook;
    }

    @Override
    public NodeId self() {
        return self;
    }

    @Override
    public void serve(Kind kind, Server server) {
        if (served.put(kind, server.toString()) != null) {
            throw new IllegalStateException(kind + " has a server already");
        }
        servers.put(kind.code(), server);
    }

    @Override
    public CompletableFuture<Message> call(NodeId to, Lane lane, Message request, Duration timeout) {
        if (to.equals(self)) {
            Answer answer = new Answer();
            handle(self, request, answer);
            return answer.future;
        }
        Optional<MemberInfo> member = addressBook.apply(to);
        if (member.isEmpty()) {
            return CompletableFuture.failedFuture(
                    TransportException.notDelivered("the address of node " + to + " is not known", null));
        }
        return transport.call(peer(member.get()), lane, request, timeout);
    }

    @Override
    public boolean reachable(NodeId node) {
        if (node.equals(self)) {
            return true;
        }
        return addressBook
                .apply(node)
                .filter(member -> member.state() == MemberState.ALIVE || member.state() == MemberState.SUSPECT)
                .filter(member -> transport.reachable(peer(member)))
                .isPresent();
    }

    private static Peer peer(MemberInfo member) {
        return new Peer(member.id(), member.address().host(), member.address().transferPort());
    }

    @Override
    public void handle(NodeId from, Message request, Transport.Responder responder) {
        try {
            WireReader head = new WireReader(request.head());
            Server server = servers.get(head.u8());
            if (server == null) {
                responder.fail("this version of the node does not know the request");
            } else {
                server.handle(from, head, request.body(), responder);
            }
        } catch (MalformedMessageException malformed) {
            log.warn("malformed request from node {}: {}", from, malformed.getMessage());
            responder.fail("malformed request: " + malformed.getMessage());
        }
    }

    /** Where the answer to a call to oneself arrives. */
    private static final class Answer implements Transport.Responder {
        private final CompletableFuture<Message> future = new CompletableFuture<>();

        @Override
        public void respond(Message response) {
            ByteBuffer head = response.head();
            future.complete(new Message(head, response.body()));
        }

        @Override
        public void fail(String reason) {
            future.completeExceptionally(TransportException.maybeDelivered(reason, null));
        }
    }
}
