package io.keplerfs.http;

import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.PutOptions;
import io.keplerfs.values.VersionId;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Reads how a file is to be written or deleted. A condition that cannot be kept is refused: ignoring it could lose data. */
final class WriteRequest {
    static final String VERSION_HEADER = "X-Kepler-Version-Id";
    /** A flag beside the version id, so that a node that does not know it takes the write for a repetition, which is safe. */
    static final String FIRST_ATTEMPT_HEADER = "X-Kepler-First-Attempt";

    static final String FENCING_HEADER = "X-Kepler-Fencing-Token";
    static final String TIMEOUT_HEADER = "X-Kepler-Timeout-Millis";

    /** An hour: nobody waits longer for one silent step, and no waiter is forgotten for ever. */
    private static final int MAX_TIMEOUT_MILLIS = 3_600_000;

    private static final Pattern MEDIA_TYPE = Pattern.compile("[ -~]{1,255}");
    private static final List<CharSequence> DATES =
            List.of(HttpHeaderNames.IF_UNMODIFIED_SINCE, HttpHeaderNames.IF_MODIFIED_SINCE);

    private static final VersionId NO_VERSION = new VersionId(new UUID(0, 0));

    private WriteRequest() {}

    static PutOptions put(HttpHeaders headers, Query query) throws Refusal {
        query.allowOnly("durability");
        refuseEncodings(headers);
        refuseDates(headers);
        PutOptions.Builder options = PutOptions.builder().timeout(timeout(headers));
        options.durability(query.value("durability", Durability.QUORUM, Durability::parse));
        condition(headers, options);
        fencingToken(headers).ifPresent(options::fencingToken);
        version(headers, options);
        contentType(headers).ifPresent(options::contentType);
        MetadataHeaders.read(headers).forEach(options::metadata);
        return options.build();
    }

    static DeleteOptions delete(HttpHeaders headers, Query query) throws Refusal {
        query.allowOnly("durability");
        refuseDates(headers);
        if (headers.contains(HttpHeaderNames.IF_NONE_MATCH)) {
            throw Refusal.invalid(
                    "If-None-Match has no meaning on a delete; use If-Match with one ETag, or leave it out");
        }
        return new DeleteOptions(
                query.value("durability", Durability.QUORUM, Durability::parse),
                ifMatch(headers),
                fencingToken(headers),
                timeout(headers));
    }

    /** Which losing version of a conflict is meant. */
    static VersionId loser(Query query) throws Refusal {
        if (query.text("version").isEmpty()) {
            throw Refusal.invalid(
                    "the parameter version is missing: the version id of the conflict's loser, as the list "
                            + "of conflicts has it");
        }
        return query.value("version", NO_VERSION, VersionId::parse);
    }

    /** @return the longest silence the node may wait for */
    static Duration timeout(HttpHeaders headers) throws Refusal {
        return number(headers, TIMEOUT_HEADER, 1, MAX_TIMEOUT_MILLIS)
                .map(Duration::ofMillis)
                .orElse(PutOptions.DEFAULT_TIMEOUT);
    }

    private static void condition(HttpHeaders headers, PutOptions.Builder options) throws Refusal {
        Optional<String> ifMatch = ifMatch(headers);
        List<String> ifNoneMatch = headers.getAll(HttpHeaderNames.IF_NONE_MATCH);
        if (ifNoneMatch.isEmpty()) {
            ifMatch.ifPresent(options::ifMatch);
        } else if (ifMatch.isPresent()) {
            throw Refusal.invalid("If-Match and If-None-Match exclude each other on a put; send one of them");
        } else if (!ifNoneMatch.equals(List.of("*"))) {
            throw Refusal.invalid("If-None-Match on a put is " + shown(ifNoneMatch) + ", allowed is only *");
        } else {
            options.onlyIfAbsent();
        }
    }

    private static Optional<String> ifMatch(HttpHeaders headers) throws Refusal {
        List<String> values = headers.getAll(HttpHeaderNames.IF_MATCH);
        if (values.isEmpty()) {
            return Optional.empty();
        }
        List<EntityTag> tags = values.size() == 1 ? EntityTag.parseList(values.get(0)) : List.of();
        if (tags.size() != 1) {
            throw Refusal.invalid("If-Match on a write is " + shown(values)
                    + ", allowed is exactly one ETag in double quotes, as an answer's ETag header has it");
        }
        if (tags.get(0).weak()) {
            throw new Refusal(Problem.preconditionFailed(
                    "If-Match is " + shown(values) + "; a weak ETag never matches, send the ETag as the node gave it"));
        }
        return Optional.of(tags.get(0).value());
    }

    private static OptionalLong fencingToken(HttpHeaders headers) throws Refusal {
        return number(headers, FENCING_HEADER, 0, Long.MAX_VALUE)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }

    private static void version(HttpHeaders headers, PutOptions.Builder options) throws Refusal {
        Optional<VersionId> version = single(headers, VERSION_HEADER, VersionId::parse);
        boolean first =
                single(headers, FIRST_ATTEMPT_HEADER, WriteRequest::flag).orElse(false);
        if (first && version.isEmpty()) {
            throw Refusal.invalid(FIRST_ATTEMPT_HEADER + " says something about a version id; send " + VERSION_HEADER
                    + " with it, or leave it out");
        }
        version.ifPresent(first ? options::newVersion : options::version);
    }

    private static boolean flag(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException("'" + text + "' is neither true nor false");
        }
        return text.equals("true");
    }

    private static Optional<String> contentType(HttpHeaders headers) throws Refusal {
        Optional<String> type = single(headers, HttpHeaderNames.CONTENT_TYPE.toString(), Function.identity());
        if (type.isPresent() && !MEDIA_TYPE.matcher(type.get()).matches()) {
            throw Refusal.invalid("Content-Type is '" + Percent.printable(type.get())
                    + "', allowed are 1 to 255 printable ASCII characters; leave it out if it is not known");
        }
        return type;
    }

    private static void refuseEncodings(HttpHeaders headers) throws Refusal {
        if (headers.contains(HttpHeaderNames.CONTENT_ENCODING)) {
            throw new Refusal(
                    new Problem(
                            HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                            "unsupported-encoding",
                            "Unsupported encoding",
                            "Content-Encoding " + shown(headers.getAll(HttpHeaderNames.CONTENT_ENCODING))
                                    + " would be lost, because files have none; leave it out and name the format in Content-Type"));
        }
        if (headers.contains(HttpHeaderNames.CONTENT_RANGE)) {
            throw Refusal.invalid("Content-Range on a put: a file is always written as a whole; leave it out");
        }
    }

    private static void refuseDates(HttpHeaders headers) throws Refusal {
        for (CharSequence name : DATES) {
            if (headers.contains(name)) {
                throw Refusal.invalid(
                        "the " + name + " condition cannot guard a write, two writes within one second share"
                                + " it; use If-Match with the ETag");
            }
        }
    }

    private static Optional<Long> number(HttpHeaders headers, String name, long least, long most) throws Refusal {
        return single(headers, name, text -> {
            try {
                long value = Long.parseLong(text);
                if (value >= least && value <= most) {
                    return value;
                }
            } catch (NumberFormatException notANumber) {
                throw new IllegalArgumentException(allowed(text, least, most), notANumber);
            }
            throw new IllegalArgumentException(allowed(text, least, most));
        });
    }

    private static String allowed(String text, long least, long most) {
        return "'" + Percent.printable(text) + "' is not a whole number from " + least + " to " + most;
    }

    private static <T> Optional<T> single(HttpHeaders headers, String name, Function<String, T> parse) throws Refusal {
        List<String> values = headers.getAll(name);
        if (values.size() > 1) {
            throw Refusal.invalid(name + " is given " + values.size() + " times; give it once");
        }
        try {
            return values.stream().findFirst().map(parse);
        } catch (IllegalArgumentException wrong) {
            throw Refusal.invalid(name + ": " + Percent.printable(String.valueOf(wrong.getMessage())));
        }
    }

    private static String shown(List<String> values) {
        return Percent.printable(String.join(", ", values));
    }
}
