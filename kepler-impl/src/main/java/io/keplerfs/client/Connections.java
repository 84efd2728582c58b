package io.keplerfs.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;

/**
 * The sockets of one client. Calls run on the thread that makes them; OkHttp is told not to repeat or redirect anything,
 * because only {@link Trip} knows what may be sent twice. Safe for use by several threads.
 */
final class Connections implements AutoCloseable {
    /** A gateway on the same continent accepts within this time or is overloaded. */
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

    /** The gateway's own timeout comes first, so that it can say what happened. */
    private static final Duration SILENCE_MARGIN = Duration.ofSeconds(5);

    /** Below the 75 s after which a gateway closes an idle connection, so that it is not used while it closes. */
    private static final Duration IDLE_LIFE = Duration.ofSeconds(60);

    private static final int MAX_IDLE = 64;

    private final OkHttpClient client;
    private final GatewayTime time;

    /** Calls whose answer is still being read; weak, so that a stream nobody closed can be collected. */
    private final Set<Attempt> reading = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private volatile boolean closed;

    /** @param time told of every answer */
    Connections(GatewayTime time) {
        this.time = time;
        client = new OkHttpClient.Builder()
                .connectionPool(new ConnectionPool(MAX_IDLE, IDLE_LIFE.toSeconds(), TimeUnit.SECONDS))
                .protocols(List.of(Protocol.HTTP_1_1))
                .retryOnConnectionFailure(false)
                .fastFallback(false) // it would race connects on threads that nobody can stop
                .followRedirects(false)
                .followSslRedirects(false)
                .connectTimeout(CONNECT_TIMEOUT)
                .addInterceptor(this::begin)
                .addNetworkInterceptor(Connections::connected)
                .build();
    }

    /** Sends a request made by {@link Ask#at}; the answer must be closed, and its last byte read or not. */
    Response execute(Request request) throws IOException {
        Call call = client.newCall(request);
        Attempt attempt = Attempt.of(request);
        attempt.began(call);
        Response response = call.execute();
        time.heard(attempt.gateway(), response);
        reading.add(attempt);
        if (closed) {
            attempt.cancel();
        }
        return response;
    }

    boolean isClosed() {
        return closed;
    }

    /** Breaks every call and stream off. Idempotent. */
    @Override
    public void close() {
        closed = true;
        client.dispatcher().cancelAll();
        List<Attempt> streams;
        synchronized (reading) {
            streams = new ArrayList<>(reading);
        }
        streams.forEach(Attempt::cancel);
        client.connectionPool().evictAll();
    }

    int idle() {
        return client.connectionPool().idleConnectionCount();
    }

    int open() {
        return client.connectionPool().connectionCount();
    }

    /** Runs after the call is known to the dispatcher: it sees {@code closed}, or {@link #close} cancels it. */
    private Response begin(Interceptor.Chain chain) throws IOException {
        if (closed) {
            throw new IOException("the client is closed");
        }
        Duration silence = Attempt.of(chain.request()).silence().plus(SILENCE_MARGIN);
        int millis = (int) Math.min(silence.toMillis(), Integer.MAX_VALUE);
        return chain.withReadTimeout(millis, TimeUnit.MILLISECONDS)
                .withWriteTimeout(millis, TimeUnit.MILLISECONDS)
                .proceed(chain.request());
    }

    private static Response connected(Interceptor.Chain chain) throws IOException {
        Attempt.of(chain.request()).markConnected();
        return chain.proceed(chain.request());
    }
}
