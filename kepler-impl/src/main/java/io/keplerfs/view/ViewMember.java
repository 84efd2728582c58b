package io.keplerfs.view;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;

/**
 * One member of a view.
 *
 * @param id who
 * @param label configured name, for people
 * @param address where it was when the view was agreed; the membership may know better
 * @param zone failure zone, may be empty
 * @param weight share of data relative to others
 * @param draining whether it owns nothing any more and only holds copies until the owners have theirs
 * @param since epoch of the view in which it became a member; another one than before means that it was away in between, and
 *     what it kept of registers is worth nothing
 */
public record ViewMember(
        NodeId id, String label, NodeAddress address, String zone, int weight, boolean draining, long since) {
    public ViewMember {
        if (weight < 1) {
            throw new IllegalArgumentException("member " + label + " has weight " + weight + ", it must be 1 or above");
        }
    }

    /** A member of the first view. */
    public static ViewMember of(MemberInfo info) {
        return joining(info, View.FIRST_EPOCH);
    }

    static ViewMember joining(MemberInfo info, long epoch) {
        return new ViewMember(info.id(), info.label(), info.address(), info.zone(), info.weight(), false, epoch);
    }

    /** The same membership with what the node says of itself now. */
    ViewMember refreshed(MemberInfo info) {
        return new ViewMember(id, info.label(), info.address(), info.zone(), info.weight(), draining, since);
    }

    ViewMember withDraining(boolean nowDraining) {
        return new ViewMember(id, label, address, zone, weight, nowDraining, since);
    }

    /** {@code uuid id, text label, address, text zone, uint weight, bool draining, long since}. */
    void write(WireWriter out) {
        out.node(id).text(label).address(address).text(zone).uint(weight);
        out.bool(draining).int64(since);
    }

    static ViewMember read(WireReader in) {
        return in.value(
                () -> new ViewMember(in.node(), in.text(), in.address(), in.text(), in.uint(), in.bool(), in.int64()));
    }
}
