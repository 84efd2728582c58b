package io.keplerfs.rpc;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** How protocol parts call each other across nodes; a call to this node itself takes the same path without the network. */
public interface Rpc {
    NodeId self();

    /** Registers who answers a kind; once per kind, before any message can arrive. */
    void serve(Kind kind, Server server);

    /**
     * Calls a node. The head's first byte is the kind's code. Fails like {@link Transport#call}, and at once as not delivered if
     * the node's address is not known.
     */
    CompletableFuture<Message> call(NodeId to, Lane lane, Message request, Duration timeout);

    /** Whether a call to the node now has a chance: known, not believed dead, and {@link Transport#reachable}. */
    boolean reachable(NodeId node);

    /** Answers the requests of one kind, on a thread of the transport (or, for a node's own calls, of the caller). */
    @FunctionalInterface
    interface Server {
        /**
         * @param head after the kind byte
         * @param body the bulk bytes, this server's until it answers
         */
        void handle(NodeId from, WireReader head, ByteBuffer body, Transport.Responder responder);
    }
}
