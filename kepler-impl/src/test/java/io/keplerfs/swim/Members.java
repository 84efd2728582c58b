package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.UUID;

/** Members with a number, for tests. */
final class Members {
    private Members() {}

    static NodeId id(int number) {
        return new NodeId(new UUID(0x1111_2222_3333_4000L, 0x8000_0000_0000_0000L | number));
    }

    static MemberInfo member(int number) {
        return member(number, MemberState.ALIVE, 1);
    }

    static MemberInfo member(int number, MemberState state, long incarnation) {
        return new MemberInfo(
                id(number), "node-" + number, "zone-" + number % 3, 1, address(number), incarnation, state);
    }

    static NodeAddress address(int number) {
        return new NodeAddress("10.0." + number / 250 + "." + (1 + number % 250), 3000, 4000, 5000);
    }

    static Claim accusation(int number, MemberState state, long incarnation, int by) {
        return new Claim(member(number, state, incarnation), id(by));
    }
}
