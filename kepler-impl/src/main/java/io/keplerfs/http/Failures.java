package io.keplerfs.http;

import io.keplerfs.CorruptFileException;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerException;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns a failure into the problem that tells its outcome. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private final String label;
    private final String startedAt;
    private final AtomicLong internalFailures = new AtomicLong();

    /** @param startedAtNanos makes correlation ids of two runs of one node differ */
    Failures(String label, long startedAtNanos) {
        this.label = label;
        this.startedAt = Long.toHexString(startedAtNanos);
    }

    /** @param call what was asked, for the log */
    Problem problem(String call, Throwable failure) {
        Throwable outcome = unwrap(failure);
        if (outcome instanceof Refusal refusal) {
            return refusal.problem();
        } else if (outcome instanceof KeplerException known) {
            return known(known);
        } else if (outcome instanceof IllegalArgumentException wrong) {
            return Problem.invalid(String.valueOf(wrong.getMessage()));
        }
        return internal(call, outcome);
    }

    private static Problem known(KeplerException failure) {
        String detail = String.valueOf(failure.getMessage());
        if (failure instanceof NotFoundException) {
            return new Problem(HttpResponseStatus.NOT_FOUND, "not-found", "Not found", detail);
        } else if (failure instanceof PreconditionFailedException failed) {
            Problem problem = Problem.preconditionFailed(detail);
            return failed.storedToken().isEmpty()
                    ? problem
                    : problem.withHeader(
                            WriteRequest.FENCING_HEADER,
                            Long.toString(failed.storedToken().getAsLong()));
        } else if (failure instanceof UnavailableException unavailable) {
            long retrySeconds = ceilSeconds(unavailable.retryAfter());
            return unavailable.isNoSpace()
                    ? Problem.noSpace(detail, retrySeconds)
                    : Problem.unavailable(detail, retrySeconds);
        } else if (failure instanceof IndeterminateException maybe) {
            String version = maybe.version().toString();
            return new Problem(HttpResponseStatus.GATEWAY_TIMEOUT, "indeterminate", "It may still appear", detail)
                    .withHeader(WriteRequest.VERSION_HEADER, version)
                    .withField("versionId", version);
        } else if (failure instanceof InvalidRequestException) {
            return Problem.invalid(detail);
        } else if (failure instanceof CorruptFileException) {
            return new Problem(HttpResponseStatus.INTERNAL_SERVER_ERROR, "corrupt", "Corrupt", detail);
        }
        throw new AssertionError("a KeplerException without a status: " + failure.getClass(), failure);
    }

    /** What went wrong inside is for the operator's log; the client gets the id to ask for. */
    private Problem internal(String call, Throwable failure) {
        String id = label + "-" + startedAt + "-" + internalFailures.incrementAndGet();
        LOG.error("{} failed unexpectedly, correlation id {}", call, id, failure);
        return new Problem(
                        HttpResponseStatus.INTERNAL_SERVER_ERROR,
                        "internal",
                        "Internal failure",
                        "node " + label + " failed in a way it did not expect; its log has the cause under " + id)
                .withField("correlationId", id);
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure.getCause();
        boolean wrapper = failure instanceof CompletionException
                || failure instanceof ExecutionException
                || failure instanceof UncheckedIOException;
        return wrapper && cause != null ? unwrap(cause) : failure;
    }

    private static long ceilSeconds(Duration duration) {
        return duration.getSeconds() + (duration.getNano() > 0 ? 1 : 0);
    }
}
