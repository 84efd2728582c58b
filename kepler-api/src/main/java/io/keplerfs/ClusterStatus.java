package io.keplerfs;

import io.keplerfs.values.NodeId;
import java.util.List;

/**
 * The cluster as one node sees it now.
 *
 * @param self the node that answered
 * @param clusterId 36-character UUID of the cluster, empty before the node has joined one
 * @param epoch number of the agreed view, 0 before there is one
 * @param settled false while ownership is moving to this epoch
 * @param replicationFactor copies of everything
 * @param queued tasks this node still has to deliver, most of them small: references to drop, for up to a minute after every
 *     overwrite or delete
 * @param queuedCopies those of them that copy a chunk to a node that lacks it, at most some seconds old
 * @param localHealth how far the answering node distrusts its own probes: 0 well, 8 hardly any answer reaches it in time, so
 *     look at that node, its host or its network before you believe what it says of others
 * @param members every known member, the answering one included, by label then id
 */
public record ClusterStatus(
        NodeId self,
        String clusterId,
        long epoch,
        boolean settled,
        int replicationFactor,
        long queued,
        long queuedCopies,
        int localHealth,
        List<Member> members) {
    public ClusterStatus {
        members = List.copyOf(members);
    }
}
