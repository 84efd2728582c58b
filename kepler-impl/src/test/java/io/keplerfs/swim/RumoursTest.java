package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.MemberState;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RumoursTest {
    private static final int AMPLE = 1400;

    private final Rumours rumours = new Rumours(Set.of());

    @Test
    void aRumourIsToldFourTimesPerDecadeOfMembersAndForgotten() {
        rumours.tell(Claim.of(Members.member(1)));

        int told = 0;
        while (!rumours.take(AMPLE, 100, Members.id(9)).isEmpty()) {
            told++;
        }

        assertThat(told).isEqualTo(4 * 3);
        assertThat(rumours.isEmpty()).isTrue();
    }

    @Test
    void theLeastToldGoesFirstAndOfThoseTheNewest() {
        rumours.tell(Claim.of(Members.member(1)));
        rumours.take(AMPLE, 10, Members.id(9));
        rumours.tell(Claim.of(Members.member(2)));
        rumours.tell(Claim.of(Members.member(3)));

        int one = GossipCodec.claimBytes(Claim.of(Members.member(1)));
        assertThat(rumours.take(2 * one, 10, Members.id(9)))
                .containsExactly(Claim.of(Members.member(3)), Claim.of(Members.member(2)));
        assertThat(rumours.take(one - 1, 10, Members.id(9))).isEmpty();
    }

    @Test
    void newerNewsOfAMemberReplacesTheOlder() {
        rumours.tell(Claim.of(Members.member(1)));
        Claim newer = Members.accusation(1, MemberState.SUSPECT, 1, 2);
        rumours.tell(newer);

        assertThat(rumours.take(AMPLE, 10, Members.id(9))).isEqualTo(List.of(newer));
    }

    @Test
    void nobodyIsToldAboutItself() {
        rumours.tell(Claim.of(Members.member(1)));

        assertThat(rumours.take(AMPLE, 10, Members.id(1))).isEmpty();
        assertThat(rumours.take(AMPLE, 10, Members.id(2))).hasSize(1);
    }
}
