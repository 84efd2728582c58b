package io.keplerfs.ring;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Who owns what: a consistent hash ring, cut into equal partitions of the hash space. Immutable; any thread.
 *
 * <p>A member has 256 virtual nodes per unit of weight. The owners of a partition are found by walking clockwise from its start:
 * the first distinct members, unused zones first, and when every zone is used, the least used ones. The result depends on the
 * members, the replication and the partition bits alone, not on any order, clock or chance; it is part of the wire format.
 */
public final class Ring {
    /** 2^14 partitions, fixed for a cluster's life: enough for about 300 nodes. */
    public static final int DEFAULT_PARTITION_BITS = 14;
    /** 2^16 partitions, for clusters that will outgrow 300 nodes. */
    public static final int LARGE_PARTITION_BITS = 16;
    /** Voters on the next view: enough to lose three of them, few enough to ask them all. */
    public static final int MAX_VOTERS = 7;

    private final List<RingMember> members;
    private final int replication;
    private final int partitionBits;
    private final List<List<NodeId>> owners;
    private final Map<NodeId, Double> shares;
    private final List<NodeId> voters;

    private Ring(List<RingMember> members, int replication, int partitionBits) {
        this.members = members;
        this.replication = replication;
        this.partitionBits = partitionBits;
        Walk walk = new Walk(members);
        this.owners = owners(walk);
        this.shares = shares();
        this.voters = walk.pick(0, Math.min(MAX_VOTERS, members.size()));
    }

    /**
     * Computes the ring.
     *
     * @param members at least one, in any order
     * @param replication wanted copies, at least 1; with fewer members each of them owns everything
     * @param partitionBits logarithm of the number of partitions, 1 to {@link #LARGE_PARTITION_BITS}
     * @throws IllegalArgumentException if a number is out of range or a member is named twice
     */
    public static Ring of(List<RingMember> members, int replication, int partitionBits) {
        if (members.isEmpty()) {
            throw new IllegalArgumentException("a ring needs at least one member");
        }
        if (replication < 1) {
            throw new IllegalArgumentException("replication is " + replication + ", at least 1 is needed");
        }
        if (partitionBits < 1 || partitionBits > LARGE_PARTITION_BITS) {
            throw new IllegalArgumentException(
                    "partitionBits is " + partitionBits + ", allowed are 1 to " + LARGE_PARTITION_BITS);
        }
        List<RingMember> sorted =
                members.stream().sorted(Comparator.comparing(RingMember::id)).toList();
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).id().equals(sorted.get(i - 1).id())) {
                throw new IllegalArgumentException("node " + sorted.get(i).id() + " is twice among the members");
            }
        }
        return new Ring(sorted, replication, partitionBits);
    }

    /** Equal lists are shared: small clusters have far fewer owner lists than partitions. */
    private List<List<NodeId>> owners(Walk walk) {
        int copies = Math.min(replication, members.size());
        Map<List<NodeId>, List<NodeId>> seen = new HashMap<>();
        List<List<NodeId>> table = new ArrayList<>(partitions());
        for (long partition = 0; partition < partitions(); partition++) {
            List<NodeId> picked = walk.pick(partition << (Long.SIZE - partitionBits), copies);
            table.add(seen.computeIfAbsent(picked, same -> same));
        }
        return table;
    }

    private Map<NodeId, Double> shares() {
        Map<NodeId, Integer> copies = new HashMap<>();
        owners.forEach(list -> list.forEach(owner -> copies.merge(owner, 1, Integer::sum)));
        double all = (double) partitions() * owners.get(0).size();
        return members.stream()
                .collect(Collectors.toMap(RingMember::id, member -> copies.getOrDefault(member.id(), 0) / all));
    }

    /**
     * The distinct nodes that must hold a copy, the first one met first: the smaller of {@link #replication} and the number of
     * members. Unmodifiable, and not copied.
     *
     * @throws IndexOutOfBoundsException if there is no such partition
     */
    public List<NodeId> owners(int partition) {
        return owners.get(partition);
    }

    /** How many partitions there are; they are numbered from 0 in the order of the hash space. */
    public int partitions() {
        return 1 << partitionBits;
    }

    /** Where a chunk belongs. */
    public int partitionOf(ChunkId chunk) {
        return partitionAt(chunk.prefix());
    }

    /** Where the manifests of one shard of a bucket belong. */
    public int partitionOf(String bucket, int shard) {
        return partitionAt(HashSpace.shard(bucket, shard));
    }

    private int partitionAt(long position) {
        return (int) (position >>> (Long.SIZE - partitionBits));
    }

    /** Which part of all copies of all partitions a node owns: the shares of all members add up to 1; 0 for anybody else. */
    public double share(NodeId node) {
        return shares.getOrDefault(node, 0.0);
    }

    /** Sorted by id; unmodifiable. */
    public List<RingMember> members() {
        return members;
    }

    /** Wanted copies, as given. */
    public int replication() {
        return replication;
    }

    /**
     * Who decides the next view: distinct members, found by the walk that finds owners, begun at position 0. Zones take turns,
     * so that losing one zone costs as few voters as possible; a join or leave replaces at most one voter.
     *
     * @param most how many at most, at least 1; never more than {@link #MAX_VOTERS} or the members there are
     */
    public List<NodeId> voters(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("at most " + most + " voters were asked for, at least 1 is needed");
        }
        return voters.subList(0, Math.min(most, voters.size()));
    }

    /**
     * The smallest number of {@code n} nodes of which any two groups share a node.
     *
     * @throws IllegalArgumentException if n is below 1
     */
    public static int majority(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("there is no majority of " + n + " nodes");
        }
        return n / 2 + 1;
    }

    @Override
    public String toString() {
        return "Ring{" + members.size() + " members, " + replication + " copies, " + partitions() + " partitions}";
    }
}
