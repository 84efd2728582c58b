package io.keplerfs.client;

import static io.keplerfs.values.MemberState.ALIVE;
import static io.keplerfs.values.MemberState.DEAD;
import static io.keplerfs.values.MemberState.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent.MemberChanged;
import io.keplerfs.KeplerEvent.MemberJoined;
import io.keplerfs.KeplerEvent.ViewChanged;
import io.keplerfs.Member;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ClusterChangesTest {
    private static final NodeAddress ADDRESS = new NodeAddress("h", 1, 2, 3);

    @Test
    void nothingChangedIsNothingToTell() {
        assertThat(ClusterChanges.between(status(3, true, member(1, ALIVE)), status(3, true, member(1, ALIVE))))
                .isEmpty();
    }

    @Test
    void membersComeFirstThenTheView() {
        ClusterStatus before = status(3, true, member(1, ALIVE), member(2, SUSPECT));
        ClusterStatus now = status(4, false, member(1, ALIVE), member(2, DEAD), member(3, ALIVE));

        assertThat(ClusterChanges.between(before, now))
                .containsExactly(
                        new MemberChanged(id(2), "node-2", SUSPECT, DEAD),
                        new MemberJoined(id(3), "node-3", ADDRESS, ALIVE),
                        new ViewChanged(4, false, List.of(id(1), id(2), id(3))));
    }

    @Test
    void aViewThatSettlesIsTold() {
        assertThat(ClusterChanges.between(status(4, false, member(1, ALIVE)), status(4, true, member(1, ALIVE))))
                .containsExactly(new ViewChanged(4, true, List.of(id(1))));
    }

    @Test
    void aGatewayThatLagsBehindDoesNotBringAnOldViewBack() {
        ClusterStatus before = status(4, true, member(1, ALIVE));
        ClusterStatus lagging = status(4, false, member(1, ALIVE));

        assertThat(ClusterChanges.between(before, lagging)).isEmpty();
        assertThat(ClusterChanges.between(ClusterChanges.latest(before, lagging), before))
                .isEmpty();
        assertThat(ClusterChanges.latest(before, status(3, false)).epoch()).isEqualTo(4);
    }

    @Test
    void aForgottenMemberSaysNothing() {
        assertThat(ClusterChanges.between(
                        status(4, true, member(1, ALIVE), member(2, DEAD)), status(4, true, member(1, ALIVE))))
                .isEmpty();
    }

    static ClusterStatus status(long epoch, boolean settled, Member... members) {
        return new ClusterStatus(id(1), "", epoch, settled, 3, 0, 0, List.of(members));
    }

    static Member member(int number, MemberState state) {
        return new Member(id(number), "node-" + number, "", 1, ADDRESS, state, 0, true, 0.1, 0, 0, Optional.empty());
    }

    private static NodeId id(int number) {
        return new NodeId(new UUID(0, number));
    }
}
