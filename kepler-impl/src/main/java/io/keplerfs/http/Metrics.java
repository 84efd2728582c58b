package io.keplerfs.http;

import io.netty.handler.codec.http.HttpMethod;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/** Counters of one gateway. Bounded: by route template, known method and status, never by file or client. Thread-safe. */
final class Metrics {
    /** Requests whose client went away before the answer was through. */
    static final String ABORTED = "aborted";

    final LongAdder inFlight = new LongAdder();
    final LongAdder bytesIn = new LongAdder();
    final LongAdder bytesOut = new LongAdder();
    final LongAdder refusedConnections = new LongAdder();
    private final SortedMap<String, Totals> requests = new ConcurrentSkipListMap<>();

    /** What all requests of one kind come to. */
    static final class Totals {
        final LongAdder count = new LongAdder();
        final LongAdder nanos = new LongAdder();
    }

    /** @param outcome status code, or {@link #ABORTED} */
    void requestEnded(Endpoint endpoint, HttpMethod method, String outcome, long nanos) {
        String verb = endpoint.knows(method.name()) ? method.name() : "other";
        String labels = "route=\"" + endpoint.template() + "\",method=\"" + verb + "\",status=\"" + outcome + "\"";
        Totals totals = requests.computeIfAbsent(labels, first -> new Totals());
        totals.count.increment();
        totals.nanos.add(nanos);
    }

    /** Hands out the labels, as Prometheus writes them, and totals of every kind of request seen. */
    void forEachKind(BiConsumer<String, Totals> reader) {
        requests.forEach(reader);
    }
}
