package io.keplerfs;

import io.keplerfs.values.NodeId;
import java.util.List;

/**
 * What the members of a cluster say of their repair, each for itself.
 *
 * @param nodes those that answered, by label then id
 * @param silent members that did not: nothing is known of their work, and an order did not reach them
 */
public record RepairReport(List<RepairStatus> nodes, List<NodeId> silent) {
    public RepairReport {
        nodes = List.copyOf(nodes);
        silent = List.copyOf(silent);
    }
}
