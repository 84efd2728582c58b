package io.keplerfs;

/** Ends a listener's registration; closing twice is harmless, no call starts after close has returned. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}
