package io.keplerfs.client;

import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.Optional;
import okhttp3.Request;

/**
 * One call, before a gateway is chosen for it.
 *
 * @param what the call in words, for messages: {@code put reports/q3.pdf}
 * @param request its URL is one of {@link Routes}
 * @param write names what may have happened if the answer is lost; empty if nothing can change
 * @param repeatable whether doing it twice is the same as once, so that it may be sent again when the answer is lost
 * @param silence longest wait of the gateway itself, per step
 */
record Ask(String what, Request request, Optional<VersionId> write, boolean repeatable, Duration silence) {
    /** Says of a write that nobody can have done it yet: most are new, and one that may be there is asked for first. */
    static final String FIRST_ATTEMPT = "X-Kepler-First-Attempt";

    static Ask read(String what, Request request, Duration silence) {
        return new Ask(what, request, Optional.empty(), true, silence);
    }

    static Ask write(String what, Request request, VersionId version, boolean repeatable, Duration silence) {
        return new Ask(what, request, Optional.of(version), repeatable, silence);
    }

    /**
     * The request for one gateway; the attempt is its tag.
     *
     * @param repeated whether an earlier attempt may have happened
     */
    Request at(Attempt attempt, boolean repeated) {
        Request.Builder sent =
                request.newBuilder().url(attempt.gateway().at(request.url())).tag(Attempt.class, attempt);
        return repeated ? sent.removeHeader(FIRST_ATTEMPT).build() : sent.build();
    }

    /** Whether the body could be sent once more: a stream can not, after its first byte was taken. */
    boolean canSendAgain() {
        return !(request.body() instanceof StreamBody stream && stream.started());
    }
}
