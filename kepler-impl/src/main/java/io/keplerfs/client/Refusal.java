package io.keplerfs.client;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.keplerfs.CorruptFileException;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerException;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalLong;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * What a gateway said no with: {@code application/problem+json} (RFC 9457). The end of its type is the outcome; a HEAD has no
 * body, so its status must do.
 *
 * @param type its last part, such as {@code not-found}; empty if there was no body
 * @param detail what happened, in the gateway's words; empty if there was no body
 */
record Refusal(String type, String detail) {
    /** The gateway's problems are a few hundred bytes; what is longer is not one. */
    private static final long MAX_PROBLEM_BYTES = 64 * 1024;

    private static final int MAX_RETRY_SECONDS = 3600;
    private static final Refusal WITHOUT_WORDS = new Refusal("", "");

    /** The outcome as an exception; reads and closes the response. */
    static KeplerException of(Ask ask, Gateway gateway, Response response) {
        try (response) {
            boolean ours = isProblem(response);
            Refusal refusal = ours ? parsed(response) : WITHOUT_WORDS;
            String words = refusal.detail().isEmpty() ? ask.what() + ": " + meaning(response.code()) : refusal.detail();
            String message = words + " (status " + response.code() + " from " + gateway + ")";
            return refusal.outcome(ask, response, ours, message);
        }
    }

    /** What the status says where no words came with it. */
    private static String meaning(int status) {
        return switch (status) {
            case 404 -> "there is no such file or bucket";
            case 412 -> "the condition does not hold";
            case 503 -> "too few nodes answer";
            case 507 -> "disks are full";
            default -> "refused";
        };
    }

    /** Absence and conditions are believed only of a gateway: a proxy's own 404 says nothing about a file. */
    private KeplerException outcome(Ask ask, Response response, boolean ours, String message) {
        boolean fileOrBucket = ours && !type.equals("no-such-route");
        return switch (response.code()) {
            case 404 -> fileOrBucket ? new NotFoundException(message) : unexplained(ask, response, message);
            case 412 ->
                ours
                        ? new PreconditionFailedException(message, storedToken(response), null)
                        : unexplained(ask, response, message);
            case 400, 411, 413, 414, 415, 416, 417, 431 -> new InvalidRequestException(message);
            case 503 -> new UnavailableException(message, retryAfter(response), null);
            case 507 -> ours ? UnavailableException.noSpace(message, null) : unexplained(ask, response, message);
            default -> unexplained(ask, response, message);
        };
    }

    /** A server that failed at a write has not said that nothing was changed. */
    private KeplerException unexplained(Ask ask, Response response, String message) {
        if (type.equals("corrupt")) {
            return new CorruptFileException(message);
        }
        if (response.code() >= 500 && ask.write().isPresent()) {
            return new IndeterminateException(
                    message, version(response, ask.write().get()));
        }
        return new UnavailableException(message);
    }

    private static boolean isProblem(Response response) {
        String mediaType = response.header("Content-Type", "");
        return mediaType != null && mediaType.startsWith("application/problem+json");
    }

    private static Refusal parsed(Response response) {
        try {
            BufferedSource body = response.body().source();
            body.request(MAX_PROBLEM_BYTES);
            long length = Math.min(body.getBuffer().size(), MAX_PROBLEM_BYTES);
            if (length == 0) {
                return WITHOUT_WORDS;
            }
            JsonObject problem =
                    JsonParser.parseString(body.getBuffer().readUtf8(length)).getAsJsonObject();
            String type = problem.has("type") ? problem.get("type").getAsString() : "";
            String detail = problem.has("detail") ? problem.get("detail").getAsString() : "";
            return new Refusal(type.substring(type.lastIndexOf(':') + 1), detail);
        } catch (IOException | JsonParseException | IllegalStateException | UnsupportedOperationException unreadable) {
            return new Refusal("", "the reason could not be read: " + unreadable.getMessage());
        }
    }

    private static Duration retryAfter(Response response) {
        try {
            int seconds = Integer.parseInt(String.valueOf(response.header("Retry-After")));
            return Duration.ofSeconds(Math.max(0, Math.min(seconds, MAX_RETRY_SECONDS)));
        } catch (NumberFormatException absentOrDate) {
            return Duration.ofSeconds(1);
        }
    }

    private static OptionalLong storedToken(Response response) {
        try {
            String header = response.header("X-Kepler-Fencing-Token");
            return header == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(header));
        } catch (NumberFormatException malformed) {
            return OptionalLong.empty();
        }
    }

    private static VersionId version(Response response, VersionId sent) {
        try {
            String header = response.header("X-Kepler-Version-Id");
            return header == null ? sent : VersionId.parse(header);
        } catch (IllegalArgumentException malformed) {
            return sent;
        }
    }
}
