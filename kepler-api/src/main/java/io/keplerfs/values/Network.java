package io.keplerfs.values;

import java.time.Duration;

/**
 * How far the nodes of a cluster are apart: sets how patient the failure detector is. All nodes of a cluster should be told the
 * same. The numbers are those of HashiCorp's memberlist, which many clusters have run on for years.
 */
public enum Network {
    /** One machine: a silent node is found sooner, because nothing but the node itself can be slow. */
    LOCAL(Duration.ofSeconds(1), Duration.ofMillis(200)),

    /** One data centre, or zones of one region. */
    LAN(Duration.ofSeconds(1), Duration.ofMillis(500)),

    /** Regions of one world: probes wait longer before they accuse, and news takes a few seconds more. */
    WAN(Duration.ofSeconds(5), Duration.ofSeconds(3));

    private final Duration probeInterval;
    private final Duration probeTimeout;

    Network(Duration probeInterval, Duration probeTimeout) {
        this.probeInterval = probeInterval;
        this.probeTimeout = probeTimeout;
    }

    /** Time between probes of one node, each of another member. */
    public Duration probeInterval() {
        return probeInterval;
    }

    /** How long a probe waits for a direct answer, before others are asked to try. */
    public Duration probeTimeout() {
        return probeTimeout;
    }
}
