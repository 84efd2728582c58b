package io.keplerfs;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.Network;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything one node can be told. Immutable; start from a preset or {@link #builder()}, refine with {@link #toBuilder()}.
 * Every setter says its unit, default and reason, and refuses what can never work, naming the value and what is allowed.
 */
public final class KeplerOptions {
    /** As {@link Builder#httpPort}: the node runs no HTTP gateway. */
    public static final int NO_HTTP = -1;

    private static final int MEBIBYTE = 1 << 20;

    private final Builder values;

    private KeplerOptions(Builder values) {
        this.values = values;
    }

    /** LAN timings, ports 3000, 4000 and 5000 on 127.0.0.1. */
    public static Builder builder() {
        return new Builder();
    }

    /** A node on free loopback ports: for tests and several nodes in one JVM or on one machine; {@link Network#LOCAL}. */
    public static Builder local(String label, Path dataDirectory) {
        return builder()
                .network(Network.LOCAL)
                .label(label)
                .dataDirectory(dataDirectory)
                .httpPort(0)
                .gossipPort(0)
                .transferPort(0);
    }

    /** {@link Network#LAN}, for one data centre; the defaults, by name. */
    public static Builder lan() {
        return builder();
    }

    /** {@link Network#WAN}, for nodes in different regions. */
    public static Builder wan() {
        return builder().network(Network.WAN);
    }

    /** A node without sockets and files, see {@link InMemoryNetwork}. */
    public static Builder inMemory(String label, InMemoryNetwork network) {
        return builder()
                .label(label)
                .httpPort(NO_HTTP)
                .transport(network.newTransport())
                .membership(network.newMembership())
                .store(network.newStore());
    }

    public Builder toBuilder() {
        return values.copy();
    }

    public String label() {
        return values.label;
    }

    public Path dataDirectory() {
        return values.dataDirectory == null ? Path.of("data", values.label) : values.dataDirectory;
    }

    public List<String> seeds() {
        return values.seeds;
    }

    public String bindHost() {
        return values.bindHost;
    }

    public String advertiseHost() {
        return values.advertiseHost == null ? values.bindHost : values.advertiseHost;
    }

    public int httpPort() {
        return values.httpPort;
    }

    public int gossipPort() {
        return values.gossipPort;
    }

    public int transferPort() {
        return values.transferPort;
    }

    public int replicationFactor() {
        return values.replicationFactor;
    }

    public int chunkSizeBytes() {
        return values.chunkSizeBytes;
    }

    public int inlineLimitBytes() {
        return values.inlineLimitBytes;
    }

    public long rebalanceBytesPerSecond() {
        return values.rebalanceBytesPerSecond;
    }

    public String zone() {
        return values.zone;
    }

    public int weight() {
        return values.weight;
    }

    public Optional<String> clusterSecret() {
        return values.clusterSecrets.stream().findFirst();
    }

    /** The first one seals, all are accepted. */
    public List<String> clusterSecrets() {
        return values.clusterSecrets;
    }

    public boolean allowInsecureNetwork() {
        return values.allowInsecureNetwork;
    }

    public Duration evictAfter() {
        return values.evictAfter;
    }

    public Duration conflictRetention() {
        return values.conflictRetention;
    }

    public Duration collectAfter() {
        return values.collectAfter;
    }

    public Duration trashRetention() {
        return values.trashRetention;
    }

    public boolean fsync() {
        return values.fsync;
    }

    public Network network() {
        return values.network;
    }

    public Duration probeInterval() {
        return values.probeInterval == null ? values.network.probeInterval() : values.probeInterval;
    }

    public Duration probeTimeout() {
        return values.probeTimeout == null ? values.network.probeTimeout() : values.probeTimeout;
    }

    public Optional<Transport> transport() {
        return Optional.ofNullable(values.transport);
    }

    public Optional<Membership> membership() {
        return Optional.ofNullable(values.membership);
    }

    public Optional<Store> store() {
        return Optional.ofNullable(values.store);
    }

    /** Whether the node listens on this machine alone. */
    public boolean isLoopbackOnly() {
        return Builder.isLoopback(bindHost());
    }

    /** One option a line, as {@code name=value}; never the secret. */
    @Override
    public String toString() {
        return String.join(
                "\n",
                "label=" + label(),
                "dataDirectory=" + dataDirectory(),
                "seeds=" + String.join(",", seeds()),
                "bindHost=" + bindHost(),
                "advertiseHost=" + advertiseHost(),
                "httpPort=" + httpPort(),
                "gossipPort=" + gossipPort(),
                "transferPort=" + transferPort(),
                "replicationFactor=" + replicationFactor(),
                "chunkSizeBytes=" + chunkSizeBytes(),
                "inlineLimitBytes=" + inlineLimitBytes(),
                "rebalanceBytesPerSecond=" + rebalanceBytesPerSecond(),
                "zone=" + zone(),
                "weight=" + weight(),
                "clusterSecret=" + (clusterSecret().isPresent() ? "(set)" : "(none)"),
                "allowInsecureNetwork=" + allowInsecureNetwork(),
                "evictAfter=" + evictAfter(),
                "conflictRetention=" + conflictRetention(),
                "collectAfter=" + collectAfter(),
                "trashRetention=" + trashRetention(),
                "fsync=" + fsync(),
                "network=" + network(),
                "probeInterval=" + probeInterval(),
                "probeTimeout=" + probeTimeout());
    }

    /** Collects options; each setter throws IllegalArgumentException for a value that can never work. */
    public static final class Builder {
        private String label = "node";
        private @Nullable Path dataDirectory;
        private List<String> seeds = List.of();
        private String bindHost = "127.0.0.1";
        private @Nullable String advertiseHost;
        private int httpPort = 3000;
        private int gossipPort = 4000;
        private int transferPort = 5000;
        private int replicationFactor = 3;
        private int chunkSizeBytes = 4 * MEBIBYTE;
        private int inlineLimitBytes = 16 * 1024;
        private long rebalanceBytesPerSecond = 50L * 1_000_000;
        private String zone = "";
        private int weight = 1;
        private List<String> clusterSecrets = List.of();
        private boolean allowInsecureNetwork;
        private Duration evictAfter = Duration.ofMinutes(10);
        private Duration conflictRetention = Duration.ofDays(7);
        private Duration collectAfter = Duration.ofHours(1);
        private Duration trashRetention = Duration.ofDays(1);
        private boolean fsync = true;
        private Network network = Network.LAN;
        private @Nullable Duration probeInterval;
        private @Nullable Duration probeTimeout;
        private @Nullable Transport transport;
        private @Nullable Membership membership;
        private @Nullable Store store;

        private Builder() {}

        /** Name of this node for people, 1 to 63 of letters, digits, {@code . _ -}. A data directory keeps its label. */
        public Builder label(String value) {
            if (!value.matches("[A-Za-z0-9._-]{1,63}")) {
                throw new IllegalArgumentException(
                        "label '" + value + "' is not allowed: 1 to 63 letters, digits, '.', '_' or '-'");
            }
            label = value;
            return this;
        }

        /** Where this node keeps everything; default {@code data/<label>}. Created if missing. */
        public Builder dataDirectory(Path value) {
            dataDirectory = value;
            return this;
        }

        /** Gossip addresses {@code host:port} of nodes to join. None: this node founds a cluster if it has none yet. */
        public Builder seeds(String... values) {
            return seeds(List.of(values));
        }

        /** As {@link #seeds(String...)}. */
        public Builder seeds(List<String> values) {
            for (String seed : values) {
                if (!seed.matches(".+:[0-9]{1,5}")) {
                    throw new IllegalArgumentException("seed '" + seed + "' is not host:gossip_port");
                }
                requireRange(
                        "port of seed " + seed, Integer.parseInt(seed.substring(seed.lastIndexOf(':') + 1)), 1, 65535);
            }
            seeds = List.copyOf(values);
            return this;
        }

        /** Where to listen; default 127.0.0.1. Anything but loopback needs a {@link #clusterSecret} or {@link #allowInsecureNetwork}. */
        public Builder bindHost(String value) {
            bindHost = value;
            return this;
        }

        /** What peers are told; default the bind host. */
        public Builder advertiseHost(String value) {
            advertiseHost = value;
            return this;
        }

        /** HTTP gateway; default 3000, 0 any free port, {@link #NO_HTTP} none. */
        public Builder httpPort(int value) {
            httpPort = requireRange("httpPort", value, NO_HTTP, 65535);
            return this;
        }

        /** UDP gossip and its TCP full-state exchange; default 4000, 0 any free port. */
        public Builder gossipPort(int value) {
            gossipPort = requireRange("gossipPort", value, 0, 65535);
            return this;
        }

        /** TCP between nodes; default 5000, 0 any free port. */
        public Builder transferPort(int value) {
            transferPort = requireRange("transferPort", value, 0, 65535);
            return this;
        }

        /**
         * How long the losing version of a conflict of fast writes is kept, see {@link Bucket#conflicts()}; default 7 days: a long
         * weekend and time to look. Every node of a cluster should be given the same: the shortest decides.
         */
        public Builder conflictRetention(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("conflictRetention is " + value + ", it must be positive");
            }
            conflictRetention = value;
            return this;
        }

        /**
         * A chunk that no file needs any more goes to the trash after this, and so do copies on nodes that have ceased to be
         * owners, 1 s or more; default 1 h: bytes that are uploaded again meanwhile need not travel. The same on every node.
         */
        public Builder collectAfter(Duration value) {
            collectAfter = requireSecond("collectAfter", value);
            return this;
        }

        /**
         * What is in the trash is deleted after this, 1 s or more; default 1 day: a reader of an overwritten version may go on for
         * so long. After 10 minutes at most while the disk is nearly full.
         */
        public Builder trashRetention(Duration value) {
            trashRetention = requireSecond("trashRetention", value);
            return this;
        }

        /** Copies of everything, 1 to 7; default 3. Fixed when the cluster is founded: a joining node takes the cluster's. */
        public Builder replicationFactor(int value) {
            replicationFactor = requireRange("replicationFactor", value, 1, 7);
            return this;
        }

        /** Largest chunk, 64 KiB to 64 MiB; default 4 MiB: big enough to stream, small enough to buffer a few. */
        public Builder chunkSizeBytes(int value) {
            chunkSizeBytes = requireRange("chunkSizeBytes", value, 64 * 1024, 64 * MEBIBYTE);
            return this;
        }

        /** Files up to this size live inside their manifest, 0 to 64 KiB; default 16 KiB: one fsync instead of three. */
        public Builder inlineLimitBytes(int value) {
            inlineLimitBytes = requireRange("inlineLimitBytes", value, 0, 64 * 1024);
            return this;
        }

        /** Bandwidth of repair and rebalance of this node, bytes/s; default 50 MB/s, so that callers come first. */
        public Builder rebalanceBytesPerSecond(long value) {
            if (value < 1_000_000) {
                throw new IllegalArgumentException("rebalanceBytesPerSecond is " + value
                        + ", at least 1000000 (1 MB/s) is needed to make progress");
            }
            rebalanceBytesPerSecond = value;
            return this;
        }

        /** Failure zone (rack, data centre), up to 63 characters; copies are spread over zones first. Default none. */
        public Builder zone(String value) {
            if (value.length() > 63) {
                throw new IllegalArgumentException(
                        "zone has " + value.length() + " characters, at most 63 are allowed");
            }
            zone = value;
            return this;
        }

        /** Share of data relative to other nodes, 1 to 100; default 1. */
        public Builder weight(int value) {
            weight = requireRange("weight", value, 1, 100);
            return this;
        }

        /** Seals gossip and authenticates transfer; the same on every node, at least 12 characters. Default none. */
        public Builder clusterSecret(String value) {
            return clusterSecrets(List.of(value));
        }

        /**
         * As {@link #clusterSecret}, with further secrets that are accepted but not used: for changing the secret by restarting
         * one node after another. {@link ClusterKeys} changes it without restarts.
         */
        public Builder clusterSecrets(List<String> values) {
            for (String value : values) {
                if (value.length() < Keyring.MIN_SECRET_CHARACTERS) {
                    throw new IllegalArgumentException("the cluster secret has " + value.length()
                            + " characters, at least " + Keyring.MIN_SECRET_CHARACTERS + " are needed");
                }
            }
            clusterSecrets = new Keyring(values).secrets();
            return this;
        }

        /**
         * True lets a node without a secret listen on more than loopback: whoever reaches its ports can read and delete
         * everything and join as a member. Only for networks where that is wanted. Default false.
         */
        public Builder allowInsecureNetwork(boolean value) {
            allowInsecureNetwork = value;
            return this;
        }

        /**
         * A member dead for this long without a break leaves the view, 5 s or more; default 10 min: longer than a reboot, so
         * that a restart never moves data.
         */
        public Builder evictAfter(Duration value) {
            if (value.compareTo(Duration.ofSeconds(5)) < 0) {
                throw new IllegalArgumentException("evictAfter is " + value + ", at least 5 s are needed");
            }
            evictAfter = value;
            return this;
        }

        /** False gives up every durability promise: for comparisons and throw-away caches only. Default true. */
        public Builder fsync(boolean value) {
            fsync = value;
            return this;
        }

        /** How far the nodes are apart; default {@link Network#LAN}. The same on every node. */
        public Builder network(Network value) {
            network = value;
            return this;
        }

        /** Time between probes of the failure detector, longer than a direct probe waits; default as the network says. */
        public Builder probeInterval(Duration value) {
            probeInterval = value;
            return this;
        }

        /** How long a direct probe waits before others are asked to try, above zero; default as the network says. */
        public Builder probeTimeout(Duration value) {
            probeTimeout = value;
            return this;
        }

        /** Replaces TCP between nodes. The node starts and closes it; an instance serves one node once. */
        public Builder transport(Transport value) {
            transport = value;
            return this;
        }

        /** Replaces SWIM gossip. The node starts and closes it; an instance serves one node once. */
        public Builder membership(Membership value) {
            membership = value;
            return this;
        }

        /** Replaces the disk. The node closes it; an instance serves one node once. */
        public Builder store(Store value) {
            store = value;
            return this;
        }

        public KeplerOptions build() {
            if (!isLoopback(bindHost) && clusterSecrets.isEmpty() && !allowInsecureNetwork) {
                throw new IllegalArgumentException("bindHost '" + bindHost
                        + "' is not loopback and there is no cluster secret, so anyone in the network could read and delete "
                        + "files: set a secret (CLUSTER_SECRET, clusterSecret), or say that you want it so "
                        + "(INSECURE_NETWORK=true, allowInsecureNetwork)");
            }
            KeplerOptions options = new KeplerOptions(copy());
            Duration wait = options.probeTimeout();
            if (wait.isNegative() || wait.isZero() || wait.compareTo(options.probeInterval()) >= 0) {
                throw new IllegalArgumentException(
                        "probeTimeout is " + wait + "; it must be above zero and below probeInterval "
                                + options.probeInterval() + ", or nobody else could be asked in time");
            }
            return options;
        }

        private static boolean isLoopback(String host) {
            return host.equals("localhost") || host.equals("::1") || host.equals("[::1]") || host.startsWith("127.");
        }

        private static Duration requireSecond(String name, Duration value) {
            if (value.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException(name + " is " + value + ", at least 1 s is needed");
            }
            return value;
        }

        private static int requireRange(String name, int value, int low, int high) {
            if (value < low || value > high) {
                throw new IllegalArgumentException(name + " is " + value + ", allowed are " + low + " to " + high);
            }
            return value;
        }

        private Builder copy() {
            Builder copy = new Builder();
            copy.label = label;
            copy.dataDirectory = dataDirectory;
            copy.seeds = seeds;
            copy.bindHost = bindHost;
            copy.advertiseHost = advertiseHost;
            copy.httpPort = httpPort;
            copy.gossipPort = gossipPort;
            copy.transferPort = transferPort;
            copy.replicationFactor = replicationFactor;
            copy.chunkSizeBytes = chunkSizeBytes;
            copy.inlineLimitBytes = inlineLimitBytes;
            copy.rebalanceBytesPerSecond = rebalanceBytesPerSecond;
            copy.zone = zone;
            copy.weight = weight;
            copy.clusterSecrets = clusterSecrets;
            copy.allowInsecureNetwork = allowInsecureNetwork;
            copy.evictAfter = evictAfter;
            copy.conflictRetention = conflictRetention;
            copy.collectAfter = collectAfter;
            copy.trashRetention = trashRetention;
            copy.fsync = fsync;
            copy.network = network;
            copy.probeInterval = probeInterval;
            copy.probeTimeout = probeTimeout;
            copy.transport = transport;
            copy.membership = membership;
            copy.store = store;
            return copy;
        }
    }
}
