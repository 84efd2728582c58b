package io.keplerfs.memory;

import io.keplerfs.spi.Membership;
import io.keplerfs.spi.contract.MembershipContract;
import io.keplerfs.values.MemberState;

class MemoryMembershipTest extends MembershipContract {
    private final MemoryNetwork network = MemoryNetworkTest.network();

    @Override
    protected Membership newMembership() {
        return network.newMembership();
    }

    /** What {@link io.keplerfs.InMemoryNetwork} promises: a closed node has left. */
    @Override
    protected MemberState afterSilence() {
        return MemberState.LEFT;
    }
}
