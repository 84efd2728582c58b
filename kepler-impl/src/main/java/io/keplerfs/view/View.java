package io.keplerfs.view;

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
 * <pre>
 * uuid cluster id | uint replication factor | long epoch | list of members, by id
 * </pre>
 */
public final class View {
    private final UUID clusterId;
    private final int replication;
    private final long epoch;
    private final List<ViewMember> members;
    private final List<RingMember> placed;
    /** Made when first asked for: it takes milliseconds, and most views that arrive are known already. */
    private volatile @Nullable Ring ring;

    public View(UUID clusterId, int replication, long epoch, List<ViewMember> members) {
        if (members.isEmpty() || epoch < 1) {
            throw new IllegalArgumentException("view " + epoch + " with " + members.size() + " members");
        }
        this.clusterId = clusterId;
        this.replication = replication;
        this.epoch = epoch;
        this.members =
                members.stream().sorted(Comparator.comparing(ViewMember::id)).toList();
        this.placed = this.members.stream()
                .map(m -> new RingMember(m.id(), m.zone(), m.weight()))
                .toList();
        long distinct = members.stream().map(ViewMember::id).distinct().count();
        if (replication < 1 || distinct < members.size()) {
            throw new IllegalArgumentException("view " + epoch + " with " + replication + " copies, " + members.size()
                    + " members and " + distinct + " ids");
        }
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

    /** By id. */
    public List<ViewMember> members() {
        return members;
    }

    public List<NodeId> ids() {
        return members.stream().map(ViewMember::id).toList();
    }

    /** Any thread; computed by the first. */
    public Ring ring() {
        Ring made = ring;
        if (made == null) {
            made = Ring.of(placed, replication, Ring.DEFAULT_PARTITION_BITS);
            ring = made;
        }
        return made;
    }

    public boolean has(NodeId node) {
        return member(node).isPresent();
    }

    public Optional<ViewMember> member(NodeId node) {
        return members.stream().filter(m -> m.id().equals(node)).findFirst();
    }

    View successor(List<ViewMember> nextMembers) {
        return new View(clusterId, replication, epoch + 1, nextMembers);
    }

    byte[] toBytes() {
        WireWriter out = new WireWriter();
        write(out);
        return out.toBytes();
    }

    public void write(WireWriter out) {
        out.uuid(clusterId).uint(replication).int64(epoch).list(members, (w, member) -> member.write(w));
    }

    static View fromBytes(byte[] bytes) {
        return read(new WireReader(bytes));
    }

    public static View read(WireReader in) {
        UUID clusterId = in.uuid();
        int replication = in.uint();
        long epoch = in.int64();
        List<ViewMember> members = in.list(ViewMember::read);
        return in.value(() -> new View(clusterId, replication, epoch, members));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof View that
                && epoch == that.epoch
                && replication == that.replication
                && clusterId.equals(that.clusterId)
                && members.equals(that.members);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(epoch);
    }

    @Override
    public String toString() {
        return "view " + epoch + members.stream().map(ViewMember::label).toList();
    }
}
