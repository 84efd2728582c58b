package io.keplerfs.ring;

import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Picks members by walking clockwise over the virtual nodes. Used by one thread while a ring is computed, then thrown away.
 *
 * <p>Maintainers: members and zones are small numbers here, and a mark is the number of the walk (or round) that set it, so that
 * nothing has to be cleared between the 16,384 walks of a ring.
 */
final class Walk {
    private final List<RingMember> members;
    private final long[] positions;
    private final int[] memberAt;
    private final int[] zoneOf;
    private final int[] zoneSize;

    private final int[] takenIn;
    private final int[] usedIn;
    private final int[] zoneTaken;
    private int walk;
    private int round;

    /** @param members sorted by id, none twice */
    Walk(List<RingMember> members) {
        this.members = members;
        Map<String, Integer> zones = new HashMap<>();
        zoneOf = members.stream()
                .mapToInt(member -> zones.computeIfAbsent(member.zone(), unseen -> zones.size()))
                .toArray();
        zoneSize = new int[zones.size()];
        Arrays.stream(zoneOf).forEach(zone -> zoneSize[zone]++);
        takenIn = new int[members.size()];
        usedIn = new int[zones.size()];
        zoneTaken = new int[zones.size()];

        List<VirtualNode> circle = circle(members);
        positions = circle.stream().mapToLong(VirtualNode::position).toArray();
        memberAt = circle.stream().mapToInt(VirtualNode::member).toArray();
    }

    private static List<VirtualNode> circle(List<RingMember> members) {
        List<VirtualNode> circle = new ArrayList<>();
        for (int member = 0; member < members.size(); member++) {
            int count = HashSpace.VIRTUAL_NODES_PER_WEIGHT * members.get(member).weight();
            for (long position : HashSpace.virtualNodes(members.get(member).id(), count)) {
                circle.add(new VirtualNode(position, member));
            }
        }
        circle.sort(VirtualNode.CLOCKWISE);
        return circle;
    }

    /** A point of the circle; of two at one position the smaller node id comes first. */
    private record VirtualNode(long position, int member) {
        static final Comparator<VirtualNode> CLOCKWISE = (a, b) -> {
            int byPosition = Long.compareUnsigned(a.position, b.position);
            return byPosition != 0 ? byPosition : Integer.compare(a.member, b.member);
        };
    }

    /**
     * The first {@code count} distinct members at or after the position, in rounds: each round takes at most one member of each
     * zone. So unused zones come first, and after them the least used ones; without zones it is simply the order of the walk.
     *
     * <p>A member that joins or leaves changes at most one of those picked.
     *
     * @param count at most the number of members
     */
    List<NodeId> pick(long position, int count) {
        NodeId[] picked = new NodeId[count];
        int first = firstAtOrAfter(position);
        walk++;
        Arrays.fill(zoneTaken, 0);
        int size = 0;
        while (size < count) {
            round++;
            int zonesLeft = zonesWithMembersLeft();
            for (int i = first; zonesLeft > 0 && size < count; i = i + 1 == memberAt.length ? 0 : i + 1) {
                int member = memberAt[i];
                int zone = zoneOf[member];
                if (usedIn[zone] != round && takenIn[member] != walk) {
                    usedIn[zone] = round;
                    takenIn[member] = walk;
                    zoneTaken[zone]++;
                    zonesLeft--;
                    picked[size++] = members.get(member).id();
                }
            }
        }
        return List.of(picked);
    }

    private int zonesWithMembersLeft() {
        int left = 0;
        for (int zone = 0; zone < zoneSize.length; zone++) {
            if (zoneTaken[zone] < zoneSize[zone]) {
                left++;
            }
        }
        return left;
    }

    private int firstAtOrAfter(long position) {
        int low = 0;
        int high = positions.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(positions[middle], position) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == positions.length ? 0 : low;
    }
}
