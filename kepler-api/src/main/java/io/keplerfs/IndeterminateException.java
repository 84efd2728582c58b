package io.keplerfs;

import io.keplerfs.values.VersionId;
import org.jspecify.annotations.Nullable;

/**
 * A write was sent but too few acks came in time: it may still appear. Repeating it under the same
 * {@link #version() version} is safe, it then happens at most once. HTTP 504 with the version id.
 */
public final class IndeterminateException extends KeplerException {
    private final VersionId version;

    public IndeterminateException(String message, VersionId version) {
        this(message, version, null);
    }

    public IndeterminateException(String message, VersionId version, @Nullable Throwable cause) {
        super(message, cause);
        this.version = version;
    }

    /** The write that may still appear; see {@link PutOptions.Builder#version}. */
    public VersionId version() {
        return version;
    }
}
