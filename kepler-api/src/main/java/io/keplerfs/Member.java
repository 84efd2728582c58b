package io.keplerfs;

import io.keplerfs.values.Contact;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.Optional;

/**
 * One node of the cluster as another node sees it.
 *
 * @param id identity of its data directory
 * @param label its configured name, unique by convention only
 * @param zone failure zone, empty if none
 * @param weight share of data relative to the others, 1 by default
 * @param address where it is reached
 * @param state what the failure detector believes
 * @param incarnation rises with every restart and refutation of that node
 * @param owner whether the agreed view gives it data to own
 * @param ringShare share of the hash space it owns a copy of, 0 to 1
 * @param chunks chunks on its disk, -1 if it did not answer
 * @param bytesUsed bytes of chunks on its disk, -1 if it did not answer
 * @param contact what the answering node itself hears of it; empty for the answering node, and for whom it never heard
 */
public record Member(
        NodeId id,
        String label,
        String zone,
        int weight,
        NodeAddress address,
        MemberState state,
        long incarnation,
        boolean owner,
        double ringShare,
        long chunks,
        long bytesUsed,
        Optional<Contact> contact) {}
