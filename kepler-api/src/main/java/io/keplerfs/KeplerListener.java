package io.keplerfs;

/** Hears events of a cluster, one at a time and in order, on a thread of the library that it must not block. */
@FunctionalInterface
public interface KeplerListener {
    void onEvent(KeplerEvent event);
}
