package io.keplerfs.client;

import java.time.Duration;
import okhttp3.Call;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;

/** One ask at one gateway. */
final class Attempt {
    private final Gateway gateway;
    private final Duration silence;
    private volatile boolean connected;
    private volatile @Nullable Call call;

    Attempt(Gateway gateway, Duration silence) {
        this.gateway = gateway;
        this.silence = silence;
    }

    static Attempt of(Request request) {
        Attempt attempt = request.tag(Attempt.class);
        if (attempt == null) {
            throw new IllegalArgumentException("the request " + request + " was not made by an ask");
        }
        return attempt;
    }

    Gateway gateway() {
        return gateway;
    }

    Duration silence() {
        return silence;
    }

    /** The connection stands, the request goes out now. */
    void markConnected() {
        connected = true;
    }

    void began(Call newCall) {
        call = newCall;
    }

    void cancel() {
        Call running = call;
        if (running != null) {
            running.cancel();
        }
    }

    /** Whether the gateway may have received the request, all of it. */
    boolean mayHaveArrived() {
        return connected && !(call != null && call.request().body() instanceof StreamBody stream && !stream.started());
    }

    /** Whether there was a connection at all. */
    boolean connected() {
        return connected;
    }
}
