package io.keplerfs.replication;

/** An owner has dropped the references of an upload that it took for dead, and records no more of them. */
public final class UploadGivenUpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UploadGivenUpException(String message) {
        super(message);
    }
}
