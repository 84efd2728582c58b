package io.keplerfs;

/** Ends a listener's registration; closing twice is harmless. Waits for a call that is running, unless it is called by that one; no call starts after it. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}
