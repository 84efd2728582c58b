package io.keplerfs.http;

import io.keplerfs.ClusterStatus;
import io.keplerfs.Member;
import io.keplerfs.values.Contact;
import io.keplerfs.values.Measure;
import io.keplerfs.values.MemberState;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code /metrics} in the Prometheus text format 0.0.4. Bounded by routes, statuses and members; nothing per file. */
final class MetricsPage {
    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** A scraper gets the node's own numbers even if the cluster cannot say how it is. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final GatewayContext gateway;
    private final StatusCache status;

    MetricsPage(GatewayContext gateway) {
        this.gateway = gateway;
        this.status = new StatusCache(gateway.cluster, gateway::nanoTime);
    }

    void serve(Exchange exchange) {
        exchange.answerAfter(PATIENCE, () -> page(null));
        status.get().whenComplete((now, failure) -> exchange.attempt(() -> exchange.answer(page(now))));
    }

    private Reply page(@Nullable ClusterStatus now) {
        Text text = new Text();
        requests(text);
        process(text);
        gateway.measures.get().forEach(text::measure);
        text.type("kepler_cluster_status_up", "gauge", "1 if the cluster could say how it is");
        text.line("kepler_cluster_status_up", "", now == null ? 0 : 1);
        if (now != null) {
            cluster(text, now);
        }
        return Reply.text(HttpResponseStatus.OK, CONTENT_TYPE, text.toString());
    }

    private void requests(Text text) {
        Metrics metrics = gateway.metrics;
        text.type("kepler_http_requests_total", "counter", "requests ended");
        metrics.forEachKind((labels, totals) -> text.line("kepler_http_requests_total", labels, totals.count.sum()));
        text.type("kepler_http_request_seconds_total", "counter", "time from headers to the end of the answer");
        metrics.forEachKind(
                (labels, totals) -> text.line("kepler_http_request_seconds_total", labels, totals.nanos.sum() / 1e9));
        text.single("kepler_http_requests_in_flight", "gauge", "requests begun and not ended", metrics.inFlight.sum());
        text.single("kepler_http_received_bytes_total", "counter", "bytes read from clients", metrics.bytesIn.sum());
        text.single("kepler_http_sent_bytes_total", "counter", "bytes written to clients", metrics.bytesOut.sum());
        text.single(
                "kepler_http_refused_connections_total",
                "counter",
                "connections over the limit",
                metrics.refusedConnections.sum());
        text.single("kepler_http_busy_workers", "gauge", "transfers running", gateway.workers.running());
    }

    private static void process(Text text) {
        Runtime jvm = Runtime.getRuntime();
        text.single("kepler_jvm_heap_used_bytes", "gauge", "heap in use", jvm.totalMemory() - jvm.freeMemory());
        text.single("kepler_jvm_heap_max_bytes", "gauge", "largest heap allowed", jvm.maxMemory());
    }

    private static void cluster(Text text, ClusterStatus now) {
        text.single("kepler_view_epoch", "gauge", "number of the agreed view", now.epoch());
        text.single("kepler_view_settled", "gauge", "0 while ownership is moving", now.settled() ? 1 : 0);
        text.single("kepler_replication_queue", "gauge", "tasks this node still has to deliver", now.queued());
        text.single("kepler_replication_queue_copies", "gauge", "those that copy a chunk", now.queuedCopies());
        text.type("kepler_members", "gauge", "known members by state");
        for (MemberState state : MemberState.values()) {
            long count = now.members().stream()
                    .filter(member -> member.state() == state)
                    .count();
            text.line("kepler_members", "state=\"" + state.name().toLowerCase(Locale.ROOT) + "\"", count);
        }
        text.type("kepler_member_round_trip_seconds", "gauge", "smoothed time from this node's probe to the answer");
        for (Member member : now.members()) {
            member.contact()
                    .flatMap(Contact::roundTrip)
                    .ifPresent(time -> text.line(
                            "kepler_member_round_trip_seconds", "id=\"" + member.id() + "\"", time.toNanos() / 1e9));
        }
        text.type("kepler_member_used_bytes", "gauge", "bytes of chunks on each member that answered");
        for (Member member : now.members()) {
            if (member.bytesUsed() >= 0) {
                text.line("kepler_member_used_bytes", "id=\"" + member.id() + "\"", member.bytesUsed());
            }
        }
    }

    /** Lines of the exposition format. */
    private static final class Text {
        private final StringBuilder lines = new StringBuilder();
        private String typed = "";

        void type(String name, String type, String help) {
            lines.append("# HELP ").append(name).append(' ').append(help).append('\n');
            lines.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        }

        void line(String name, String labels, Number value) {
            lines.append(name);
            if (!labels.isEmpty()) {
                lines.append('{').append(labels).append('}');
            }
            lines.append(' ').append(value).append('\n');
        }

        /** Those of one name stand side by side. */
        void measure(Measure measure) {
            if (!measure.name().equals(typed)) {
                typed = measure.name();
                type(typed, measure.kind().word(), measure.help());
            }
            line(typed, measure.labels(), number(measure.value()));
        }

        /** A whole number needs no decimals. */
        private static Number number(double value) {
            if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
                return (long) value;
            }
            return value;
        }

        void single(String name, String type, String help, Number value) {
            type(name, type, help);
            line(name, "", value);
        }

        @Override
        public String toString() {
            return lines.toString();
        }
    }
}
