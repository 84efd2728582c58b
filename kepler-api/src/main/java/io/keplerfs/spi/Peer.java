package io.keplerfs.spi;

import io.keplerfs.values.NodeId;
import java.util.Objects;

/**
 * Where a call goes.
 *
 * @param id who must answer there; another node behind the address counts as unreachable
 * @param host name or IP literal, resolved at each connect
 * @param transferPort port of its {@link Transport}
 */
public record Peer(NodeId id, String host, int transferPort) {
    public Peer {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(host, "host");
    }
}
