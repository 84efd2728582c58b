package io.keplerfs.wire;

/** Bytes from a peer or a disk that are not what the format says. Expected, never trusted, never asserted. */
public final class MalformedMessageException extends RuntimeException {
    public MalformedMessageException(String message) {
        super(message);
    }
}
