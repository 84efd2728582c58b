/**
 * The HTTP gateway: the API of docs/http.md over Netty, on top of nothing but the public {@link io.keplerfs.KeplerCluster}.
 *
 * <p>Bytes travel {@link ByteMeter} - HTTP decoder - flow control - {@link HttpConnection}. A connection reads one request at a
 * time, finds its {@link Route}, lets a {@link RequestBody} take the body and answers through an {@link Exchange}. Whatever may
 * block (a large put, the bytes of a file) runs on {@link Workers}; event loops never wait.
 */
@NullMarked
package io.keplerfs.http;

import org.jspecify.annotations.NullMarked;
