package io.keplerfs;

import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a file is written. Immutable; start from a preset and refine with {@link #toBuilder()}.
 *
 * <p>At most one of {@link #ifMatch()} and {@link #onlyIfAbsent()} may be set; a fencing token combines with either.
 */
public final class PutOptions {
    /** Long enough for a slow disk to fsync under load, short enough for a person to wait. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

    private static final PutOptions DEFAULTS = builder().build();

    private final Builder values;

    private PutOptions(Builder values) {
        this.values = values;
    }

    /** Quorum durability, unconditional. */
    public static PutOptions defaults() {
        return DEFAULTS;
    }

    /** Succeeds only if there is no such file. */
    public static PutOptions ifAbsent() {
        return builder().onlyIfAbsent().build();
    }

    /** Succeeds only if the current version has this etag. */
    public static PutOptions ifMatch(String etag) {
        return builder().ifMatch(etag).build();
    }

    /**
     * Succeeds only if no higher token is stored with the file; stores the token, which also outlives a delete. Every writer of
     * the file must send one: a put without a token is not compared and replaces the file. No write ever lowers the stored token.
     * {@link Lease} issues tokens.
     */
    public static PutOptions fencing(long token) {
        return builder().fencingToken(token).build();
    }

    public static PutOptions durability(Durability durability) {
        return builder().durability(durability).build();
    }

    public static Builder builder() {
        return new Builder();
    }

    public Builder toBuilder() {
        return values.copy();
    }

    public Durability durability() {
        return values.durability;
    }

    public Optional<String> ifMatch() {
        return Optional.ofNullable(values.ifMatch);
    }

    public boolean onlyIfAbsent() {
        return values.onlyIfAbsent;
    }

    public OptionalLong fencingToken() {
        return values.fencingToken;
    }

    public String contentType() {
        return values.contentType;
    }

    /** Names in lower case. */
    public Map<String, String> metadata() {
        return Map.copyOf(values.metadata);
    }

    /** The id the write is to have; empty for one of the node's choice. */
    public Optional<VersionId> version() {
        return Optional.ofNullable(values.version);
    }

    /** Whether a write of this {@link #version()} may have been tried before, and so may have happened. */
    public boolean repeats() {
        return values.repeats;
    }

    /** Longest silence that is waited for: per chunk while bytes move, and for the final commit. */
    public Duration timeout() {
        return values.timeout;
    }

    public ProgressListener progress() {
        return values.progress;
    }

    /** Collects options; throws IllegalArgumentException at once for a value that can never be right. */
    public static final class Builder {
        private Durability durability = Durability.QUORUM;
        private @Nullable String ifMatch;
        private boolean onlyIfAbsent;
        private OptionalLong fencingToken = OptionalLong.empty();
        private String contentType = FileInfo.DEFAULT_CONTENT_TYPE;
        private Map<String, String> metadata = new LinkedHashMap<>();
        private @Nullable VersionId version;
        private boolean repeats;
        private Duration timeout = DEFAULT_TIMEOUT;
        private ProgressListener progress = ProgressListener.NONE;

        private Builder() {}

        public Builder durability(Durability value) {
            durability = value;
            return this;
        }

        public Builder ifMatch(String etag) {
            ifMatch = etag;
            return this;
        }

        public Builder onlyIfAbsent() {
            onlyIfAbsent = true;
            return this;
        }

        /** Tokens are 0 or above. */
        public Builder fencingToken(long token) {
            if (token < 0) {
                throw new IllegalArgumentException("fencing token is " + token + ", it must be 0 or above");
            }
            fencingToken = OptionalLong.of(token);
            return this;
        }

        public Builder contentType(String value) {
            contentType = value;
            return this;
        }

        /** Adds one pair; the name is kept in lower case, as HTTP headers compare. */
        public Builder metadata(String name, String value) {
            metadata.put(name.toLowerCase(Locale.ROOT), value);
            return this;
        }

        /**
         * Repeats the write of this id, after an {@link IndeterminateException} or a lost answer: it happens at most once. The
         * owners remember at least the last 16 writes of a file. Once there were more, since the time that the id {@linkplain
         * VersionId#notBeforeMillis bears} or ever if it bears none, a repetition may end as indeterminate again, and only reading
         * tells.
         */
        public Builder version(VersionId value) {
            version = value;
            repeats = true;
            return this;
        }

        /**
         * Gives a write that was never tried an id of the caller's choice, best {@link VersionId#notBefore} now, so that {@link #version(VersionId)} can
         * repeat it whatever happens to its answer. Tried twice as new, it may happen twice.
         */
        public Builder newVersion(VersionId value) {
            version = value;
            repeats = false;
            return this;
        }

        public Builder timeout(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("timeout is " + value + ", it must be positive");
            }
            timeout = value;
            return this;
        }

        public Builder progress(ProgressListener listener) {
            progress = listener;
            return this;
        }

        public PutOptions build() {
            if (onlyIfAbsent && ifMatch != null) {
                throw new IllegalArgumentException("onlyIfAbsent and ifMatch exclude each other");
            }
            return new PutOptions(copy());
        }

        private Builder copy() {
            Builder copy = new Builder();
            copy.durability = durability;
            copy.ifMatch = ifMatch;
            copy.onlyIfAbsent = onlyIfAbsent;
            copy.fencingToken = fencingToken;
            copy.contentType = contentType;
            copy.metadata = new LinkedHashMap<>(metadata);
            copy.version = version;
            copy.repeats = repeats;
            copy.timeout = timeout;
            copy.progress = progress;
            return copy;
        }
    }
}
