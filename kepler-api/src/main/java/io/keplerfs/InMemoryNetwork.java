package io.keplerfs;

import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import java.util.Set;

/**
 * A network and disks that live in memory, for tests of host applications: nodes started with
 * {@link KeplerOptions#inMemory(String, InMemoryNetwork)} on the same network form one cluster, without a socket or a file.
 */
public interface InMemoryNetwork {
    static InMemoryNetwork create() {
        return KeplerProvider.find().inMemoryNetwork();
    }

    /** A new transport on this network. */
    Transport newTransport();

    /** A new membership on this network: every started node is seen as alive at once, every closed one as left. */
    Membership newMembership();

    /** A new, empty store. */
    Store newStore();

    /** Cuts a node off: its calls and those to it fail as unreachable, and others see it dead, until {@link #heal}. */
    void isolate(NodeId node);

    /** Ends {@link #isolate}. */
    void heal(NodeId node);

    /**
     * Splits the network in two: these nodes reach only each other, all others only each other, until {@link #unite}. It replaces
     * an earlier split.
     */
    void split(Set<NodeId> side);

    /** Ends {@link #split}. */
    void unite();
}
