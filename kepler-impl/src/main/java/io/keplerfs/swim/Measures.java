package io.keplerfs.swim;

import static io.keplerfs.values.Measure.counter;
import static io.keplerfs.values.Measure.gauge;

import io.keplerfs.values.Measure;
import java.util.List;
import java.util.stream.Stream;

/** The membership's numbers as {@code /metrics} shows them; docs/operations.md lists them. */
final class Measures {
    private Measures() {}

    static List<Measure> of(SwimStatistics port, Ledger ledger) {
        return Stream.of(probing(ledger), telling(ledger), traffic(port), dropped(port))
                .flatMap(List::stream)
                .toList();
    }

    private static List<Measure> probing(Ledger ledger) {
        String acks = "kepler_gossip_probe_acks_total";
        String acksHelp = "probes that were answered, by the way the answer took";
        String alarms = "kepler_gossip_false_alarms_total";
        String alarmsHelp = "members this node accused that came back, by what it had taken them for";
        return List.of(
                gauge(
                        "kepler_gossip_local_health",
                        "0 well, up to 8: answers do not reach this node in time, so it accuses more slowly",
                        "",
                        ledger.localHealth),
                counter("kepler_gossip_probes_total", "probes begun", "", ledger.probes.sum()),
                counter(acks, acksHelp, "way=\"direct\"", ledger.ackedDirectly.sum()),
                counter(acks, acksHelp, "way=\"relay\"", ledger.ackedThroughRelay.sum()),
                counter(acks, acksHelp, "way=\"tcp\"", ledger.ackedByStream.sum()),
                counter(
                        "kepler_gossip_probes_failed_total",
                        "probes answered on no way at all",
                        "",
                        ledger.probesFailed.sum()),
                counter(
                        "kepler_gossip_suspicions_total",
                        "accusations this node raised or confirmed by its own probes",
                        "",
                        ledger.suspicions.sum()),
                counter(
                        "kepler_gossip_deaths_total",
                        "suspects this node took for dead itself, because they did not refute in time",
                        "",
                        ledger.deaths.sum()),
                counter(
                        "kepler_gossip_refutes_total",
                        "accusations of this node that it refuted",
                        "",
                        ledger.refutes.sum()),
                counter(alarms, alarmsHelp, "verdict=\"suspect\"", ledger.falseSuspicions.sum()),
                counter(alarms, alarmsHelp, "verdict=\"dead\"", ledger.falseDeaths.sum()));
    }

    private static List<Measure> telling(Ledger ledger) {
        String syncs = "kepler_gossip_syncs_total";
        String syncsHelp = "comparisons of sums of all that is known, and exchanges of what differed";
        return List.of(
                gauge("kepler_gossip_broadcasts_waiting", "news still being told", "", ledger.rumours),
                counter(syncs, syncsHelp, "of=\"sums\",side=\"asked\"", ledger.sumsAsked.sum()),
                counter(syncs, syncsHelp, "of=\"sums\",side=\"answered\"", ledger.sumsAnswered.sum()),
                counter(syncs, syncsHelp, "of=\"state\",side=\"asked\"", ledger.statesAsked.sum()),
                counter(syncs, syncsHelp, "of=\"state\",side=\"answered\"", ledger.statesAnswered.sum()));
    }

    private static List<Measure> traffic(SwimStatistics port) {
        String packets = "kepler_gossip_packets_total";
        String packetsHelp = "datagrams";
        String bytes = "kepler_gossip_bytes_total";
        String bytesHelp = "bytes of gossip handed to or taken from sockets, without headers of UDP, TCP and IP";
        String connections = "kepler_gossip_connections_total";
        String connectionsHelp = "gossip connections: opened, of these failed, and answered to others";
        return List.of(
                counter(packets, packetsHelp, "direction=\"out\"", port.packetsSent()),
                counter(packets, packetsHelp, "direction=\"in\"", port.packetsReceived()),
                counter(bytes, bytesHelp, "over=\"udp\",direction=\"out\"", port.packetBytesSent()),
                counter(bytes, bytesHelp, "over=\"udp\",direction=\"in\"", port.packetBytesReceived()),
                counter(bytes, bytesHelp, "over=\"tcp\",direction=\"out\"", port.streamBytesSent()),
                counter(bytes, bytesHelp, "over=\"tcp\",direction=\"in\"", port.streamBytesReceived()),
                counter(connections, connectionsHelp, "kind=\"opened\"", port.exchangesAsked()),
                counter(connections, connectionsHelp, "kind=\"failed\"", port.exchangesFailed()),
                counter(connections, connectionsHelp, "kind=\"answered\"", port.exchangesAnswered()));
    }

    private static List<Measure> dropped(SwimStatistics port) {
        return List.of(
                dropped("bad_seal", port.brokenSeals()),
                dropped("malformed", port.malformed()),
                dropped("foreign", port.foreign()),
                dropped("oversized", port.oversized()),
                dropped("replayed", port.replayed()),
                dropped("overloaded", port.overloaded()));
    }

    private static Measure dropped(String reason, long count) {
        return counter(
                "kepler_gossip_dropped_total", "packets and connections dropped", "reason=\"" + reason + "\"", count);
    }
}
