package io.keplerfs.examples.daemon;

import io.keplerfs.KeplerOptions;
import io.keplerfs.values.Network;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * One setting of {@code kepler node}: an environment variable and the flag that overrides it.
 *
 * @param name of the variable
 * @param fallback what applies when it is not set, as the README says it
 * @param meaning a few words, as the README says them
 * @param rule puts a value into the options
 */
record NodeVariable(String name, String fallback, String meaning, Rule rule) {
    /** Largest number that still makes a sensible bandwidth: 100 GB/s. */
    private static final int MAX_BANDWIDTH_MBPS = 100_000;

    private static final int MEBIBYTE = 1 << 20;
    private static final int TEN_YEARS_S = 10 * 365 * 24 * 3600;

    static final String NODE_ID = "NODE_ID";
    static final String DATA_DIR = "DATA_DIR";
    static final String BIND_HOST = "BIND_HOST";
    static final String ADVERTISE_HOST = "ADVERTISE_HOST";
    static final String CLUSTER_SECRET = "CLUSTER_SECRET";
    static final String INSECURE_NETWORK = "INSECURE_NETWORK";
    static final String HTTP_PORT = "HTTP_PORT";
    static final String GOSSIP_PORT = "GOSSIP_PORT";
    static final String TRANSFER_PORT = "TRANSFER_PORT";

    /** Takes one value; throws IllegalArgumentException whose message says what is allowed. */
    @FunctionalInterface
    interface Rule {
        void apply(String value, KeplerOptions.Builder options);
    }

    /** Every setting, in the order of the README's table. */
    static List<NodeVariable> all() {
        return List.of(
                new NodeVariable(NODE_ID, "required", "label of this node", NodeVariable::label),
                new NodeVariable(
                        HTTP_PORT,
                        "3000",
                        "HTTP gateway (TCP); 0 takes any free port",
                        (value, options) -> options.httpPort(port(value))),
                new NodeVariable(
                        GOSSIP_PORT,
                        "4000",
                        "gossip (UDP, and TCP for full exchanges); 0 takes any free port",
                        (value, options) -> options.gossipPort(port(value))),
                new NodeVariable(
                        TRANSFER_PORT,
                        "5000",
                        "chunks and protocol between nodes (TCP); 0 takes any free port",
                        (value, options) -> options.transferPort(port(value))),
                new NodeVariable(
                        "SEEDS",
                        "empty",
                        "nodes to join, comma-separated `host:gossip_port`; empty founds a cluster",
                        NodeVariable::seeds),
                new NodeVariable(
                        "REPLICATION_FACTOR",
                        "3",
                        "copies of everything, 1 to 7; fixed when the cluster is founded",
                        (value, options) -> options.replicationFactor(number(value, 1, 7))),
                new NodeVariable(
                        "CHUNK_SIZE_MB",
                        "4",
                        "largest chunk in MiB, 1 to 64",
                        (value, options) -> options.chunkSizeBytes(number(value, 1, 64) * MEBIBYTE)),
                new NodeVariable(
                        "REBALANCE_BANDWIDTH_MBPS",
                        "50",
                        "cap of repair and rebalance of this node, MB/s",
                        (value, options) ->
                                options.rebalanceBytesPerSecond(number(value, 1, MAX_BANDWIDTH_MBPS) * 1_000_000L)),
                new NodeVariable(
                        DATA_DIR,
                        "./data/$NODE_ID",
                        "data directory, created if missing",
                        (value, options) -> options.dataDirectory(Path.of(value))),
                new NodeVariable(
                        BIND_HOST, "127.0.0.1", "where to listen", (value, options) -> options.bindHost(value)),
                new NodeVariable(
                        ADVERTISE_HOST,
                        "bind host",
                        "what peers are told",
                        (value, options) -> options.advertiseHost(value)),
                new NodeVariable(
                        "S3_PORT", "0", "S3 endpoint; 0 = off, the only choice in this version", NodeVariable::s3),
                new NodeVariable(
                        "ZONE",
                        "empty",
                        "failure zone (rack, data centre); copies are spread over zones first",
                        (value, options) -> options.zone(value)),
                new NodeVariable(
                        "WEIGHT",
                        "1",
                        "share of data relative to the others, 1 to 100",
                        (value, options) -> options.weight(number(value, 1, 100))),
                new NodeVariable(
                        CLUSTER_SECRET,
                        "empty",
                        "the same on every node, 12 characters or more; seals gossip and authenticates transfer; without "
                                + "one only loopback addresses are allowed. Several, comma-separated: the first is used, "
                                + "all are accepted",
                        (value, options) -> options.clusterSecrets(Arrays.asList(value.split(",", -1)))),
                new NodeVariable(
                        INSECURE_NETWORK,
                        "false",
                        "`true` allows other addresses without a secret: whoever reaches them can read, delete and join",
                        (value, options) -> options.allowInsecureNetwork(truth(value))),
                new NodeVariable(
                        "EVICT_AFTER_S",
                        "600",
                        "a node dead for this many seconds leaves the view, 5 or more",
                        (value, options) -> options.evictAfter(Duration.ofSeconds(number(value, 5, TEN_YEARS_S)))),
                new NodeVariable(
                        "COLLECT_AFTER_S",
                        "3600",
                        "what no file needs any more goes to the trash after this many seconds, the same on every node",
                        (value, options) -> options.collectAfter(Duration.ofSeconds(number(value, 1, TEN_YEARS_S)))),
                new NodeVariable(
                        "TRASH_RETENTION_S",
                        "86400",
                        "what is in the trash is deleted after this many seconds",
                        (value, options) -> options.trashRetention(Duration.ofSeconds(number(value, 1, TEN_YEARS_S)))),
                new NodeVariable(
                        "NETWORK",
                        "lan",
                        "how far the nodes are apart: `local` (one machine), `lan` or `wan` (regions); how patient failure "
                                + "detection is, the same on every node",
                        (value, options) -> options.network(network(value))));
    }

    /** The flag that overrides the variable: {@code HTTP_PORT} is {@code --http-port}. */
    String flag() {
        return "--" + name.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean isSecret() {
        return name.equals(CLUSTER_SECRET);
    }

    private static void label(String value, KeplerOptions.Builder options) {
        options.label(value);
    }

    private static void seeds(String value, KeplerOptions.Builder options) {
        options.seeds(Arrays.stream(value.split(",", -1)).map(String::trim).toList());
    }

    private static void s3(String value, KeplerOptions.Builder ignored) {
        if (!value.equals("0")) {
            throw new IllegalArgumentException("this version has no S3 endpoint, only 0 (off) is allowed");
        }
    }

    private static Network network(String value) {
        return Arrays.stream(Network.values())
                .filter(network -> network.name().toLowerCase(Locale.ROOT).equals(value))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("local, lan or wan is needed"));
    }

    private static boolean truth(String value) {
        if (!value.equals("true") && !value.equals("false")) {
            throw new IllegalArgumentException("true or false is needed");
        }
        return value.equals("true");
    }

    private static int port(String value) {
        return number(value, 0, 65535);
    }

    private static int number(String value, int low, int high) {
        if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < low || Integer.parseInt(value) > high) {
            throw new IllegalArgumentException("a whole number from " + low + " to " + high + " is needed");
        }
        return Integer.parseInt(value);
    }
}
