/**
 * Calls between nodes over TCP: the {@link io.keplerfs.spi.Transport} of real clusters.
 *
 * <p>Plain blocking sockets on threads of their own. One connection per peer, lane and direction: the caller opens it, requests
 * go out on it and answers come back. A whole chunk that is received by blocking reads into a reused heap array costs less CPU
 * than one that arrives piecewise in an event loop, and small messages have a connection of their own, so they never wait
 * behind chunks.
 *
 * <pre>
 * caller:    TcpTransport → Link (per peer and lane: state, OpenCalls) → Dialer → Handshake → Connection
 * called:    Acceptor → Handshake → Connection → Incoming (reads requests, sends answers) → Request (the responder)
 * both:      FrameHeader, FrameReader, FrameWriter (bytes), Ticker (every time limit), Threads (every thread)
 * </pre>
 */
@NullMarked
package io.keplerfs.tcp;

import org.jspecify.annotations.NullMarked;
