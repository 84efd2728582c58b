package io.keplerfs.http;

import io.keplerfs.FileInfo;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Conditional reads in the order of RFC 9110, section 13.2.2. A header that makes no sense counts as absent, but an If-Match does not. */
final class Conditions {
    /** What a read comes to. */
    enum Verdict {
        SEND,
        NOT_MODIFIED,
        FAILED
    }

    private final HttpHeaders headers;
    private final String etag;
    private final Instant modifiedAt;

    Conditions(HttpHeaders headers, FileInfo file) {
        this.headers = headers;
        this.etag = file.etag();
        this.modifiedAt = file.modifiedAt().truncatedTo(ChronoUnit.SECONDS);
    }

    Verdict verdict() {
        if (headers.contains(HttpHeaderNames.IF_MATCH)) {
            if (!named(HttpHeaderNames.IF_MATCH, true)) {
                return Verdict.FAILED;
            }
        } else if (date(HttpHeaderNames.IF_UNMODIFIED_SINCE)
                .map(modifiedAt::isAfter)
                .orElse(false)) {
            return Verdict.FAILED;
        }
        boolean unchanged = headers.contains(HttpHeaderNames.IF_NONE_MATCH)
                ? named(HttpHeaderNames.IF_NONE_MATCH, false)
                : date(HttpHeaderNames.IF_MODIFIED_SINCE)
                        .map(since -> !modifiedAt.isAfter(since))
                        .orElse(false);
        return unchanged ? Verdict.NOT_MODIFIED : Verdict.SEND;
    }

    /**
     * Whether a Range header is to be heeded (section 13.1.5). A date never is a strong validator here: two writes within one
     * second share it, and parts of two versions in one file are worse than sending all of it.
     */
    boolean rangeIsOfThisVersion() {
        List<String> values = headers.getAll(HttpHeaderNames.IF_RANGE);
        if (values.isEmpty()) {
            return true;
        }
        List<EntityTag> tags = EntityTag.parseList(values.get(0));
        return values.size() == 1 && tags.size() == 1 && tags.get(0).matchesStrongly(etag);
    }

    private boolean named(CharSequence header, boolean strongly) {
        for (String value : headers.getAll(header)) {
            if (value.trim().equals("*")) {
                return true;
            }
            for (EntityTag tag : EntityTag.parseList(value)) {
                if (strongly ? tag.matchesStrongly(etag) : tag.matchesWeakly(etag)) {
                    return true;
                }
            }
        }
        return false;
    }

    private Optional<Instant> date(CharSequence header) {
        String value = headers.get(header);
        return value == null ? Optional.empty() : HttpDate.parse(value);
    }
}
