package io.keplerfs.spi;

import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;

/**
 * Calls between nodes: one request, one answer.
 *
 * <p><b>Threads.</b> {@link #call} may be called from any thread and never blocks. Futures complete, and handlers run, on
 * threads of the transport; neither may be blocked for long by their users, except that a handler of a bulk request may take
 * its time: only further bulk requests of that peer wait behind it.
 *
 * <p><b>Order.</b> None is promised between calls. A request is handed to the handler at most once.
 *
 * <p><b>Limits.</b> Requests waiting to be sent to one peer are bounded; beyond the bound a call fails as not delivered.
 * Request bodies being received are bounded over all peers; beyond the bound the transport stops reading from the socket.
 *
 * <p><b>Whose bytes.</b> The caller leaves a request's buffers untouched until its future is done; afterwards the transport
 * never reads them again, timed out or not. A request body belongs to the handler until it answers; then it is recycled. A
 * response belongs to the caller for good.
 */
public interface Transport extends AutoCloseable {
    /** Largest head: one page of a listing or of a transfer of manifests. */
    int MAX_HEAD_BYTES = 4 << 20;
    /** Largest body: the largest chunk that can be configured. */
    int MAX_BODY_BYTES = 64 << 20;
    /** Largest message on the control lane, head and body together. */
    int MAX_CONTROL_BYTES = MAX_HEAD_BYTES;

    /**
     * Binds and begins to deliver requests. Called once.
     *
     * @return the port that was bound, 0 if this transport has none
     * @throws IOException if the port cannot be bound; the message names it
     */
    int start(Local local, Handler handler) throws IOException;

    /**
     * Sends a request.
     *
     * @param timeout from now to the whole answer. On the bulk lane it is a limit on silence instead: it starts anew whenever
     *     bytes move
     * @return the answer, or a {@link TransportException} that says whether the request may have been delivered. An answer by
     *     {@link Responder#fail} arrives as one that was delivered
     */
    CompletableFuture<Message> call(Peer to, Lane lane, Message request, Duration timeout);

    /**
     * Whether a call now has a chance: false if the last connect to the peer failed or its connection broke and was not
     * re-established yet. Never blocks; a peer not yet tried is reachable. While false the transport goes on trying, at most
     * once a second and at once when asked by {@link #call}.
     */
    boolean reachable(Peer peer);

    /**
     * Proves itself with the first of these secrets and accepts all of them, from now on; after {@link #start}. Does not block.
     * Calls under way go on: what was proven stays proven until its connection ends.
     */
    void use(Keyring keys);

    /** Fails every open call, refuses new ones, frees port and threads. Idempotent. */
    @Override
    void close();

    /**
     * What the transport is told of its node.
     *
     * @param id proves to peers that they reached whom they meant
     * @param bindHost where to listen
     * @param port where to listen, 0 for any free port
     * @param keys shared secrets of the cluster; peers that prove none of them are refused
     * @param threads makes every thread of the transport; they are daemons named after the node and the given runnable's role
     */
    record Local(NodeId id, String bindHost, int port, Keyring keys, ThreadFactory threads) {
        /** With one secret, or none if it is empty. */
        public Local(NodeId id, String bindHost, int port, String secret, ThreadFactory threads) {
            this(id, bindHost, port, Keyring.of(secret), threads);
        }
    }

    /** Answers requests of peers. */
    @FunctionalInterface
    interface Handler {
        /** Runs on a thread of the transport; an exception thrown here is answered as a failure. */
        void handle(NodeId from, Message request, Responder responder);
    }

    /** Where the answer to one request goes; the first call wins, later ones do nothing. Any thread. */
    interface Responder {
        /** The buffers belong to the transport from here on. */
        void respond(Message response);

        /** Tells the caller that this node could not answer. */
        void fail(String reason);
    }
}
