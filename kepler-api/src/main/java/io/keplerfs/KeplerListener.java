package io.keplerfs;

/**
 * Hears events of a cluster, one at a time and in order.
 *
 * <p><b>Thread.</b> Each listener has a thread of the library to itself while there is something to tell, named
 * {@code kepler-<node>-events} for an embedded node. It may block there: that delays nobody but itself. It may call the cluster,
 * and may end its own subscription.
 *
 * <p><b>Slow.</b> Up to 10,000 events wait for a listener. When one more comes, it and all after it are dropped until those that
 * wait have been heard; then the listener hears {@link KeplerEvent.EventsMissed} with their number. The log says so, too.
 *
 * <p><b>Throwing.</b> What it throws is logged; the event counts as heard, and the next ones still come.
 *
 * <p><b>The end.</b> After {@link Subscription#close} has returned no call begins, and none is running unless it is the one that
 * closes. After the node or the client was closed none begins either; one that is running is interrupted.
 */
@FunctionalInterface
public interface KeplerListener {
    void onEvent(KeplerEvent event);
}
