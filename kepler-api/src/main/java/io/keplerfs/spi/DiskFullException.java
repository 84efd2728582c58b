package io.keplerfs.spi;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** There is no room for what was to be written; nothing of it was, and the store goes on. It works again when there is room. */
public final class DiskFullException extends IOException {
    private static final long serialVersionUID = 1;

    public DiskFullException(String message) {
        this(message, null);
    }

    public DiskFullException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
