package io.keplerfs.client;

import io.keplerfs.IndeterminateException;
import io.keplerfs.KeplerException;
import io.keplerfs.UnavailableException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * One ask on its way from gateway to gateway. Owned by the calling thread.
 *
 * <p>It moves on when nothing was changed (no connection, 503, 507) or when doing it twice is the same as once, and only while the
 * body can still be sent. Each gateway is tried once, and once more if an established connection broke: it may have been an
 * old one. A lost answer to a write is remembered: from then on the call never ends with "nothing was changed".
 */
final class Trip<T> {
    private static final int UNAVAILABLE = 503;
    private static final int NO_SPACE = 507;

    private final Connections connections;
    private final Gateways gateways;
    private final Ask ask;
    private final Reading<T> reading;
    private final Deque<Gateway> candidates;
    private final Set<Gateway> triedAgain = new HashSet<>();
    private boolean mayHaveHappened;
    private @Nullable KeplerException lastFailure;

    Trip(Connections connections, Gateways gateways, Ask ask, Reading<T> reading) {
        this.connections = connections;
        this.gateways = gateways;
        this.ask = ask;
        this.reading = reading;
        this.candidates = new ArrayDeque<>(gateways.inOrder());
    }

    /** Throws a KeplerException, or what the caller's own stream threw. */
    T run() throws IOException {
        while (true) {
            Attempt attempt = new Attempt(candidates.removeFirst(), ask.silence());
            try {
                Response response = connections.execute(ask.at(attempt, mayHaveHappened));
                if (response.isSuccessful()) {
                    return read(attempt, response);
                }
                refused(attempt, response);
            } catch (KeplerException outcome) {
                throw outcome;
            } catch (IOException broken) {
                broken(attempt, broken);
            }
        }
    }

    private T read(Attempt attempt, Response response) throws IOException {
        try {
            T answer = reading.read(response);
            gateways.answered(attempt.gateway());
            return answer;
        } catch (IOException | RuntimeException failure) {
            response.close();
            throw failure;
        }
    }

    /** Returns if another gateway is to be asked. */
    private void refused(Attempt attempt, Response response) throws KeplerException {
        KeplerException refusal = Refusal.of(ask, attempt.gateway(), response);
        if (response.code() == UNAVAILABLE) {
            gateways.failed(attempt.gateway(), "status 503");
        } else {
            gateways.answered(attempt.gateway());
        }
        boolean anotherMayKnowBetter = refusal instanceof UnavailableException
                && (response.code() == UNAVAILABLE
                        || response.code() == NO_SPACE
                        || ask.write().isEmpty());
        moveOnOrThrow(refusal, anotherMayKnowBetter && ask.canSendAgain());
    }

    /** Returns if another gateway is to be asked, or this one again. */
    private void broken(Attempt attempt, IOException failure) throws IOException {
        if (ask.request().body() instanceof StreamBody stream && stream.sourceFailure() != null) {
            throw stream.sourceFailure();
        }
        boolean nothingHappened = ask.write().isEmpty() || !attempt.mayHaveArrived();
        mayHaveHappened |= !nothingHappened;
        boolean interrupted = Thread.currentThread().isInterrupted();
        if (interrupted || connections.isClosed()) { // the gateway is not to blame
            String why = interrupted ? "the calling thread was interrupted" : "the client was closed";
            throw settled(new UnavailableException(ask.what() + ": " + why, failure));
        }
        gateways.failed(attempt.gateway(), String.valueOf(failure.getMessage()));
        boolean maybeAnOldConnection = attempt.connected() && !(failure instanceof SocketTimeoutException);
        if (maybeAnOldConnection && triedAgain.add(attempt.gateway())) {
            candidates.addLast(attempt.gateway());
        }
        String where = attempt.connected() ? "lost the connection to " : "could not connect to ";
        moveOnOrThrow(
                new UnavailableException(
                        ask.what() + ": " + where + attempt.gateway() + ": " + failure.getMessage(), failure),
                (nothingHappened || ask.repeatable()) && ask.canSendAgain());
    }

    private void moveOnOrThrow(KeplerException failure, boolean moveOn) throws KeplerException {
        if (lastFailure != null) {
            failure.addSuppressed(lastFailure);
        }
        lastFailure = failure;
        if (!moveOn || candidates.isEmpty() || Thread.currentThread().isInterrupted()) {
            throw settled(failure);
        }
    }

    /** "Nothing was changed" is not true any more once an earlier try may have changed something. */
    private KeplerException settled(KeplerException failure) {
        if (mayHaveHappened && failure instanceof UnavailableException) {
            return new IndeterminateException(
                    failure.getMessage() + "; it may still appear, repeating version "
                            + ask.write().orElseThrow() + " is safe",
                    ask.write().orElseThrow(),
                    failure);
        }
        return failure;
    }
}
