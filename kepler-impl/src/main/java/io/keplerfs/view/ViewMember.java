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
 */
public record ViewMember(NodeId id, String label, NodeAddress address, String zone, int weight) {
    public ViewMember {
        if (weight < 1) {
            throw new IllegalArgumentException("member " + label + " has weight " + weight + ", it must be 1 or above");
        }
    }

    public static ViewMember of(MemberInfo info) {
        return new ViewMember(info.id(), info.label(), info.address(), info.zone(), info.weight());
    }

    /** {@code uuid id, text label, address, text zone, uint weight}. */
    void write(WireWriter out) {
        out.node(id).text(label).address(address).text(zone).uint(weight);
    }

    static ViewMember read(WireReader in) {
        return in.value(() -> new ViewMember(in.node(), in.text(), in.address(), in.text(), in.uint()));
    }
}
