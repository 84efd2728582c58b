package io.keplerfs;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A call that did not succeed; the subtype says what is true afterwards. */
public abstract sealed class KeplerException extends IOException
        permits CorruptFileException,
                IndeterminateException,
                InvalidRequestException,
                NotFoundException,
                PreconditionFailedException,
                UnavailableException {
    KeplerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
