package io.keplerfs;

import io.keplerfs.values.NodeId;
import java.util.List;

/**
 * What was durable when a write was acknowledged.
 *
 * @param durability what was asked for
 * @param fsyncedCopies fsynced copies of the least copied part (manifest or chunk) when the call returned
 * @param owners every node that owns some part of the file, in order of their ids
 * @param pending the owners that still lacked a part; it is in the durable replication queue
 */
public record Receipt(Durability durability, int fsyncedCopies, List<NodeId> owners, List<NodeId> pending) {
    public Receipt {
        owners = List.copyOf(owners);
        pending = List.copyOf(pending);
    }
}
