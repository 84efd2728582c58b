package io.keplerfs.examples.console;

import io.keplerfs.CorruptFileException;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;

/** How a command ended, for scripts: one number per outcome of {@link io.keplerfs.KeplerException}. */
public enum ExitCode {
    OK(0, "done"),
    FAILED(1, "failed: the message says why"),
    USAGE(2, "the command line, a setting or a name is wrong"),
    NOT_FOUND(3, "there is no such file or bucket"),
    PRECONDITION(4, "the condition does not hold (etag, absence, token, empty bucket); nothing changed"),
    UNAVAILABLE(5, "too few nodes answer; nothing changed, try again later"),
    INDETERMINATE(6, "sent, but too few acknowledged in time: it may still appear"),
    CORRUPT(7, "every reachable copy of a part of the file fails its hash");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    /** The status the process ends with. */
    public int code() {
        return code;
    }

    /** One line for help texts and the README. */
    public String meaning() {
        return meaning;
    }

    /** The outcome a failure stands for. */
    public static ExitCode of(Throwable failure) {
        if (failure instanceof NotFoundException) {
            return NOT_FOUND;
        } else if (failure instanceof PreconditionFailedException) {
            return PRECONDITION;
        } else if (failure instanceof UnavailableException) {
            return UNAVAILABLE;
        } else if (failure instanceof IndeterminateException) {
            return INDETERMINATE;
        } else if (failure instanceof CorruptFileException) {
            return CORRUPT;
        } else if (failure instanceof InvalidRequestException || failure instanceof IllegalArgumentException) {
            return USAGE;
        }
        return FAILED;
    }
}
