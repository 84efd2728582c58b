package io.keplerfs.spi;

import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;

/**
 * One node as the membership knows it.
 *
 * @param id identity of its data directory
 * @param label configured name
 * @param zone failure zone, may be empty
 * @param weight 1 to 100
 * @param address advertised
 * @param incarnation the highest heard of
 * @param state what this node believes
 */
public record MemberInfo(
        NodeId id, String label, String zone, int weight, NodeAddress address, long incarnation, MemberState state) {
    public MemberInfo withState(MemberState newState) {
        return new MemberInfo(id, label, zone, weight, address, incarnation, newState);
    }
}
