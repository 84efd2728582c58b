package io.keplerfs.tcp;

import java.io.IOException;

/** Two nodes that will not talk: said on both sides, in the words of each. */
final class GreetingRefusedException extends IOException {
    private final boolean needsOperator;

    GreetingRefusedException(String message, boolean needsOperator) {
        super(message);
        this.needsOperator = needsOperator;
    }

    /** Whether it stays so until somebody changes a setting. */
    boolean needsOperator() {
        return needsOperator;
    }
}
