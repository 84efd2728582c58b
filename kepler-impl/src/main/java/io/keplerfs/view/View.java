package io.keplerfs.view;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.keplerfs.ring.Ring;
import io.keplerfs.ring.RingMember;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One agreed answer to "who owns what": immutable, and the same on every node that knows its epoch.
 *
 * <p>Members that drain own nothing: the ring is made of the others.
 *
 * <p>A <em>bridge</em> is a view that an operator has made because a majority was lost ({@link Ownership#forced}): each of its
 * members is taken for an owner of everything, and all of them together must agree, because any one alone may hold what an
 * acknowledged write has left.
 *
 * <pre>
 * uuid cluster id | uint replication factor | long epoch | long lineage | bool bridge | list of members, by id
 *   | list of uuid departed
 * </pre>
 */
public final class View {
    static final long FIRST_EPOCH = 1;
    /** Of those that departed only so many are remembered; an older one that still runs would be let in again. */
    static final int MOST_DEPARTED = 256;

    private final UUID clusterId;
    private final int replication;
    private final long epoch;
    private final long lineage;
    private final boolean bridge;
    private final List<ViewMember> members;
    private final List<NodeId> departed;
    /**
     * Rings that some view still uses: a view that arrives in a message or is read from the disk is mostly known already, and its
     * ring takes milliseconds. Any thread.
     */
    private static final Cache<Shape, Ring> RINGS =
            CacheBuilder.newBuilder().weakValues().build();

    /** Looked up when it is first asked for; two threads may do it twice. */
    private volatile @Nullable Ring ring;

    /** All that a ring depends on. */
    private record Shape(List<RingMember> points, int copies) {
        Ring ring() {
            return Ring.of(points, copies, Ring.DEFAULT_PARTITION_BITS);
        }
    }

    /** A view that nobody forced, without departed members. */
    public View(UUID clusterId, int replication, long epoch, List<ViewMember> members) {
        this(clusterId, replication, epoch, 0, false, members, List.of());
    }

    private View(
            UUID clusterId,
            int replication,
            long epoch,
            long lineage,
            boolean bridge,
            List<ViewMember> members,
            List<NodeId> departed) {
        long distinct = members.stream().map(ViewMember::id).distinct().count();
        boolean nobodyOwns = members.stream().allMatch(ViewMember::draining);
        if (nobodyOwns || distinct != members.size() || epoch < FIRST_EPOCH || replication < 1) {
            throw new IllegalArgumentException("view " + epoch + " of " + members.size() + " members, " + distinct
                    + " of them different, with " + replication + " copies" + (nobodyOwns ? ", and no owner" : ""));
        }
        this.clusterId = clusterId;
        this.replication = replication;
        this.epoch = epoch;
        this.lineage = lineage;
        this.bridge = bridge;
        this.members =
                members.stream().sorted(Comparator.comparing(ViewMember::id)).toList();
        this.departed = List.copyOf(departed);
    }

    public UUID clusterId() {
        return clusterId;
    }

    public int replication() {
        return replication;
    }

    public long epoch() {
        return epoch;
    }

    /** Epoch of the last view that was forced, 0 if none ever was: a history with a lower one has ended. */
    public long lineage() {
        return lineage;
    }

    boolean isBridge() {
        return bridge;
    }

    /** Nodes that were drained and removed: not let in again unasked. The longest gone first. */
    public List<NodeId> departed() {
        return departed;
    }

    /** By id. */
    public List<ViewMember> members() {
        return members;
    }

    public List<NodeId> ids() {
        return members.stream().map(ViewMember::id).toList();
    }

    public Ring ring() {
        Ring computed = ring;
        if (computed == null) {
            List<RingMember> points = members.stream()
                    .filter(member -> !member.draining())
                    .map(member -> new RingMember(member.id(), member.zone(), member.weight()))
                    .toList();
            Shape shape = new Shape(points, bridge ? points.size() : replication);
            computed = RINGS.asMap().computeIfAbsent(shape, Shape::ring);
            ring = computed;
        }
        return computed;
    }

    /** In each of which a majority is needed. */
    List<List<NodeId>> ownerSets(int partition) {
        List<NodeId> owners = ring().owners(partition);
        return bridge ? owners.stream().map(List::of).toList() : List.of(owners);
    }

    /** How many members own something. */
    public int activeMembers() {
        return (int) members.stream().filter(member -> !member.draining()).count();
    }

    public boolean has(NodeId node) {
        return member(node).isPresent();
    }

    public Optional<ViewMember> member(NodeId node) {
        return members.stream().filter(m -> m.id().equals(node)).findFirst();
    }

    /** The next view of the same history. */
    public View successor(List<ViewMember> nextMembers) {
        return successor(nextMembers, departed);
    }

    View successor(List<ViewMember> nextMembers, List<NodeId> nowDeparted) {
        int tooMany = Math.max(0, nowDeparted.size() - MOST_DEPARTED);
        List<NodeId> remembered = nowDeparted.subList(tooMany, nowDeparted.size());
        return new View(clusterId, replication, epoch + 1, lineage, false, nextMembers, remembered);
    }

    /** Begins a new history with these members: see {@link Ownership#forced}. */
    View bridge(long newEpoch, List<ViewMember> survivors) {
        return new View(clusterId, replication, newEpoch, newEpoch, true, survivors, departed);
    }

    /** Whether the other view would change nothing but the number. */
    boolean sameAs(View other) {
        return members.equals(other.members) && departed.equals(other.departed);
    }

    byte[] toBytes() {
        WireWriter out = new WireWriter();
        write(out);
        return out.toBytes();
    }

    public void write(WireWriter out) {
        out.uuid(clusterId).uint(replication).int64(epoch).int64(lineage).bool(bridge);
        out.list(members, (w, member) -> member.write(w)).list(departed, WireWriter::node);
    }

    static View fromBytes(byte[] bytes) {
        return read(new WireReader(bytes));
    }

    public static View read(WireReader in) {
        UUID clusterId = in.uuid();
        int replication = in.uint();
        long epoch = in.int64();
        long lineage = in.int64();
        boolean bridge = in.bool();
        List<ViewMember> members = in.list(ViewMember::read);
        List<NodeId> departed = in.list(WireReader::node);
        return in.value(() -> new View(clusterId, replication, epoch, lineage, bridge, members, departed));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof View that
                && epoch == that.epoch
                && lineage == that.lineage
                && bridge == that.bridge
                && replication == that.replication
                && clusterId.equals(that.clusterId)
                && sameAs(that);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(epoch);
    }

    @Override
    public String toString() {
        return "view " + epoch
                + members.stream()
                        .map(member -> member.label() + (member.draining() ? " (draining)" : ""))
                        .toList();
    }
}
