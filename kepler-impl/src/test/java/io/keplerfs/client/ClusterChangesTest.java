package io.keplerfs.client;

import static io.keplerfs.values.MemberState.ALIVE;
import static io.keplerfs.values.MemberState.DEAD;
import static io.keplerfs.values.MemberState.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerEvent.EventsMissed;
import io.keplerfs.KeplerEvent.MemberChanged;
import io.keplerfs.KeplerEvent.MemberJoined;
import io.keplerfs.KeplerEvent.MemberMoved;
import io.keplerfs.KeplerEvent.ViewChanged;
import io.keplerfs.Member;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    void aMemberThatIsReachedElsewhereIsToldAfterItsState() {
        NodeAddress elsewhere = new NodeAddress("g", 1, 2, 3);
        Member moved = new Member(id(1), "node-1", "", 1, elsewhere, ALIVE, 1, true, 0.1, 0, 0, Optional.empty());

        assertThat(ClusterChanges.between(status(3, true, member(1, DEAD)), status(3, true, moved)))
                .containsExactly(
                        new MemberChanged(id(1), "node-1", DEAD, ALIVE),
                        new MemberMoved(id(1), "node-1", ADDRESS, elsewhere));
    }

    /**
     * A client that polls hears every kind there is, but for those that only one node knows of, a conflict and its repair; being slow is
     * told by its {@code Listeners}.
     */
    @Test
    void noKindOfEventIsForgotten() {
        Member moved = new Member(
                id(1), "node-1", "", 1, new NodeAddress("g", 1, 2, 3), DEAD, 1, true, 0.1, 0, 0, Optional.empty());
        List<KeplerEvent> told = new ArrayList<>(
                ClusterChanges.between(status(3, true, member(1, ALIVE)), status(4, true, moved, member(2, ALIVE))));
        told.add(new EventsMissed(1));

        assertThat(told.stream().map(Object::getClass).collect(Collectors.toSet()))
                .isEqualTo(kinds(KeplerEvent.class)
                        .filter(kind -> kind != KeplerEvent.ConflictRecorded.class)
                        .filter(kind -> kind != KeplerEvent.RepairProgress.class)
                        .collect(Collectors.toSet()));
    }

    private static Stream<Class<?>> kinds(Class<?> type) {
        return type.isSealed()
                ? Stream.of(type.getPermittedSubclasses()).flatMap(ClusterChangesTest::kinds)
                : Stream.of(type);
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
        return new ClusterStatus(id(1), "", epoch, settled, 3, 0, 0, 0, List.of(members));
    }

    static Member member(int number, MemberState state) {
        return new Member(id(number), "node-" + number, "", 1, ADDRESS, state, 0, true, 0.1, 0, 0, Optional.empty());
    }

    private static NodeId id(int number) {
        return new NodeId(new UUID(0, number));
    }
}
