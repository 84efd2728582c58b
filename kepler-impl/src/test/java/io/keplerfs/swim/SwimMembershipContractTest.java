package io.keplerfs.swim;

import io.keplerfs.spi.Membership;
import io.keplerfs.spi.contract.MembershipContract;
import java.security.SecureRandom;

class SwimMembershipContractTest extends MembershipContract {
    @Override
    protected Membership newMembership() {
        return new SwimMembership(System::nanoTime, new SecureRandom());
    }
}
