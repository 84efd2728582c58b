package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.swim.GossipNetwork.Belief;
import io.keplerfs.values.MemberState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DetectorTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final GossipNetwork network = new GossipNetwork(1, SwimTimings.lan());

    // ---- the living

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 60})
    void everybodyComesToKnowEverybody(int size) {
        List<GossipNode> nodes = network.cluster(size);

        assertThat(nodes).allSatisfy(node -> assertThat(node.detector.members()).hasSize(size));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void fivePercentLossKillsNobodyInAnHour(long seed) {
        GossipNetwork lossy = new GossipNetwork(seed, SwimTimings.lan());
        List<GossipNode> nodes = lossy.cluster(10);
        lossy.lose(0.05);

        lossy.run(Duration.ofHours(1));

        assertThat(lossy.deaths()).isEmpty();
        assertThat(lossy.runUntil(MINUTE, () -> nodes.stream().allMatch(node -> node.sees(nodes))))
                .isTrue();
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        List<List<Belief>> runs = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            GossipNetwork again = new GossipNetwork(42, SwimTimings.lan());
            List<GossipNode> nodes = again.cluster(8);
            again.lose(0.3);
            nodes.get(3).crash();
            again.run(Duration.ofMinutes(5));
            runs.add(again.beliefs);
        }

        assertThat(runs.get(0)).isNotEmpty().isEqualTo(runs.get(1));
    }

    @Test
    void whoCannotBeReachedDirectlyIsReachedThroughOthers() {
        List<GossipNode> nodes = network.cluster(5);
        GossipNode one = nodes.get(0);
        GossipNode two = nodes.get(1);
        network.beliefs.clear();

        network.cut((from, to) -> Set.of(from, to).equals(Set.of(one, two)));
        network.run(Duration.ofMinutes(10));

        assertThat(network.beliefs).isEmpty();
    }

    @Test
    void aPausedNodeAccusesNobodyWhenItGoesOn() {
        List<GossipNode> nodes = network.cluster(5);
        GossipNode paused = nodes.get(2);

        paused.pause(Duration.ofSeconds(90));
        network.run(Duration.ofMinutes(5));

        assertThat(network.deaths()).noneMatch(death -> death.observer().equals(paused.id));
        assertThat(nodes).allSatisfy(node -> assertThat(node.sees(nodes)).isTrue());
    }

    @Test
    void noVerdictComesOfATimeInWhichWeCouldNotHear() {
        List<GossipNode> nodes = network.cluster(3);
        Detector paused = nodes.get(0).detector;
        nodes.get(0)
                .hear(new GossipMessage.Gossip(
                        Members.member(1), List.of(Members.accusation(2, MemberState.SUSPECT, 1, 1))));
        long now = network.lives.get(0).clockNanos();
        boolean probing = false;
        while (!probing) {
            now = Math.max(now + 1, paused.wakeNanos());
            probing = paused.tick(now).stream()
                    .anyMatch(effect ->
                            effect instanceof Effect.Send send && send.packet() instanceof GossipMessage.Ping);
        }

        List<Effect> effects = paused.tick(now + Duration.ofSeconds(90).toNanos());

        assertThat(effects).doesNotHaveAnyElementsOfTypes(Effect.Changed.class);
    }

    // ---- the dead

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 40})
    void aSilentNodeIsDeadToEverybody(int size) {
        List<GossipNode> nodes = network.cluster(size);
        GossipNode silent = nodes.get(size - 1);
        List<GossipNode> rest = nodes.subList(0, size - 1);
        Duration since = network.now();

        silent.crash();

        assertThat(network.runUntil(
                        MINUTE, () -> rest.stream().allMatch(node -> node.believes(silent, MemberState.DEAD))))
                .isTrue();
        assertThat(network.now().minus(since)).isGreaterThan(Duration.ofSeconds(4));
        assertThat(network.deaths()).allMatch(death -> death.now().id().equals(silent.id));
    }

    @Test
    void suspicionComesBeforeDeath() {
        List<GossipNode> nodes = network.cluster(3);
        nodes.get(2).crash();

        network.run(MINUTE);

        assertThat(network.deaths()).isNotEmpty();
        for (GossipNode observer : nodes.subList(0, 2)) {
            assertThat(network.beliefs.stream()
                            .filter(belief -> belief.observer().equals(observer.id)
                                    && belief.now().id().equals(nodes.get(2).id))
                            .map(belief -> belief.now().state()))
                    .containsSubsequence(MemberState.ALIVE, MemberState.SUSPECT, MemberState.DEAD);
        }
    }

    @Test
    void theDeadAreForgottenAfterADay() {
        List<GossipNode> nodes = network.cluster(3);
        nodes.get(2).crash();
        network.run(Duration.ofHours(23));
        assertThat(nodes.get(0).believes(nodes.get(2), MemberState.DEAD)).isTrue();

        network.run(Duration.ofHours(2));

        assertThat(nodes.get(0).view(nodes.get(2))).isNull();
        assertThat(nodes.get(1).view(nodes.get(2))).isNull();
    }

    @Test
    void halvesThatWereCutApartGrowTogetherWithoutSeeds() {
        List<GossipNode> nodes = network.cluster(10);
        Set<GossipNode> left = Set.copyOf(nodes.subList(0, 5));
        network.cut((from, to) -> left.contains(from) != left.contains(to));
        network.run(Duration.ofMinutes(10));
        assertThat(nodes.get(0).believes(nodes.get(9), MemberState.DEAD)).isTrue();
        assertThat(nodes.get(9).believes(nodes.get(0), MemberState.DEAD)).isTrue();
        network.beliefs.clear();

        network.heal();

        assertThat(network.runUntil(MINUTE, () -> nodes.stream().allMatch(node -> node.sees(nodes))))
                .isTrue();
        network.run(MINUTE);
        assertThat(network.deaths()).isEmpty();
    }

    // ---- the accused

    @Test
    void anAccusedMemberOutbidsTheAccusation() {
        List<GossipNode> nodes = network.cluster(5);
        GossipNode accused = nodes.get(4);
        Claim accusation = Members.accusation(4, MemberState.SUSPECT, 1, 0);

        nodes.get(1).hear(new GossipMessage.Gossip(nodes.get(0).detector.self(), List.of(accusation)));
        assertThat(nodes.get(1).believes(accused, MemberState.SUSPECT)).isTrue();
        network.run(Duration.ofSeconds(4));

        assertThat(nodes).allSatisfy(node -> {
            assertThat(node.view(accused)).isEqualTo(Members.member(4, MemberState.ALIVE, 2));
        });
        assertThat(network.deaths()).isEmpty();
    }

    @Test
    void whoeverHoldsAnAccusationTellsTheAccused() {
        List<GossipNode> nodes = network.cluster(2);
        GossipNode judge = nodes.get(0);
        Claim verdict = Members.accusation(1, MemberState.DEAD, 1, 0);
        judge.hear(new GossipMessage.Gossip(judge.detector.self(), List.of(verdict)));
        long now = network.lives.get(0).clockNanos();

        List<Effect> effects =
                judge.detector.receive(new GossipMessage.Ping(Members.member(1), 77, judge.id, List.of()), now);

        assertThat(effects).anySatisfy(effect -> {
            assertThat(effect).isInstanceOf(Effect.Send.class);
            GossipMessage.Packet ack = ((Effect.Send) effect).packet();
            assertThat(ack).isInstanceOf(GossipMessage.Ack.class);
            assertThat(ack.claims()).contains(verdict);
        });
    }

    @Test
    void aFullStateCanAccuseButNotBury() {
        List<GossipNode> nodes = network.cluster(3);

        nodes.get(0)
                .hear(new GossipMessage.SyncReply(
                        Members.member(1), List.of(Members.accusation(2, MemberState.DEAD, 1, 1))));

        assertThat(nodes.get(0).believes(nodes.get(2), MemberState.SUSPECT)).isTrue();
        network.run(MINUTE);
        assertThat(nodes).allSatisfy(node -> assertThat(node.sees(nodes)).isTrue());
        assertThat(network.deaths()).isEmpty();
    }

    @Test
    void aRelayThatGetsNoAnswerSaysSoBeforeTheAskerGivesUp() {
        List<GossipNode> nodes = network.cluster(2);
        Detector relay = nodes.get(1).detector;
        long now = nodes.get(1).clockNanos();
        relay.tick(now);
        relay.receive(
                new GossipMessage.PingRequest(Members.member(0), 5, Members.id(9), Members.address(9), 500, List.of()),
                now);

        assertThat(relay.tick(now + Duration.ofMillis(399).toNanos()))
                .doesNotHaveAnyElementsOfTypes(Effect.Answer.class)
                .noneMatch(DetectorTest::isNack);
        assertThat(relay.tick(now + Duration.ofMillis(401).toNanos())).anyMatch(DetectorTest::isNack);
    }

    private static boolean isNack(Effect effect) {
        return effect instanceof Effect.Send send && send.packet() instanceof GossipMessage.Nack;
    }

    // ---- coming back

    @Test
    void aRestartWithAHigherIncarnationIsAliveAgainAtItsNewAddress() {
        List<GossipNode> nodes = network.cluster(4);
        nodes.get(3).crash();
        network.run(MINUTE);

        GossipNode again = nodes.get(3).restart(2, Members.address(33));
        again.join(nodes.get(0));
        network.run(Duration.ofSeconds(5));

        MemberInfo expected = again.detector.self();
        assertThat(expected.address()).isEqualTo(Members.address(33));
        assertThat(nodes.subList(0, 3))
                .allSatisfy(node -> assertThat(node.view(again)).isEqualTo(expected));
    }

    @Test
    void aRestartBelowItsOldIncarnationOutbidsWhatIsSaidOfIt() {
        List<GossipNode> nodes = network.cluster(4);
        GossipNode high = nodes.get(3).restart(100, Members.address(33));
        high.join(nodes.get(0));
        network.run(Duration.ofSeconds(5));
        high.crash();
        network.run(MINUTE);

        GossipNode low = high.restart(50, Members.address(34));
        low.join(nodes.get(0));
        network.run(Duration.ofSeconds(5));

        assertThat(low.detector.self().incarnation()).isGreaterThan(100);
        assertThat(nodes.subList(0, 3))
                .allSatisfy(node -> assertThat(node.view(low)).isEqualTo(low.detector.self()));
    }

    @Test
    void aStaleIncarnationDoesNotRaiseTheDead() {
        List<GossipNode> nodes = network.cluster(3);
        GossipNode dead = nodes.get(2);
        MemberInfo lastWords = dead.detector.self();
        dead.crash();
        network.run(MINUTE);
        assertThat(nodes.get(0).believes(dead, MemberState.DEAD)).isTrue();

        nodes.get(0).hear(new GossipMessage.Gossip(lastWords, List.of(Claim.of(lastWords))));

        assertThat(nodes.get(0).believes(dead, MemberState.DEAD)).isTrue();
    }

    // ---- leaving

    @Test
    void aGoodByeIsHeardConfirmedAndForgottenAfterAMinute() {
        List<GossipNode> nodes = network.cluster(6);
        GossipNode leaver = nodes.get(5);
        List<GossipNode> rest = nodes.subList(0, 5);

        leaver.leave();
        assertThat(network.runUntil(Duration.ofSeconds(2), () -> leaver.departed))
                .isTrue();
        leaver.crash();
        network.run(Duration.ofSeconds(5));
        assertThat(rest)
                .allSatisfy(node ->
                        assertThat(node.believes(leaver, MemberState.LEFT)).isTrue());

        network.run(Duration.ofSeconds(65));
        assertThat(rest).allSatisfy(node -> assertThat(node.view(leaver)).isNull());
        assertThat(network.deaths()).isEmpty();
    }

    @Test
    void aGoodByeGetsThroughALossyNetwork() {
        List<GossipNode> nodes = network.cluster(6);
        network.lose(0.3);

        nodes.get(5).leave();

        assertThat(network.runUntil(Duration.ofSeconds(10), () -> nodes.get(5).departed))
                .isTrue();
    }

    @Test
    void whoIsAloneLeavesAtOnce() {
        GossipNode alone = network.start(0);

        alone.leave();

        assertThat(alone.departed).isTrue();
    }

    @Test
    void anotherClusterBeginsWithoutTheOldMembers() {
        List<GossipNode> nodes = network.cluster(3);
        Detector moving = nodes.get(0).detector;

        List<Effect> effects = moving.forgetOthers(network.lives.get(0).clockNanos());

        assertThat(moving.members()).containsExactly(moving.self());
        assertThat(effects)
                .hasSize(2)
                .allSatisfy(effect ->
                        assertThat(((Effect.Changed) effect).now().state()).isEqualTo(MemberState.LEFT));
    }

    // ---- bounds

    @Test
    void nobodyCanMakeItRememberMoreThanItsBound() {
        GossipNode node = network.start(0);
        for (int from = 1; from <= 20_000; from += 1000) {
            List<Claim> crowd = IntStream.range(from, from + 1000)
                    .mapToObj(number -> Claim.of(Members.member(number)))
                    .toList();
            node.detector.receive(
                    new GossipMessage.SyncReply(Members.member(1), crowd),
                    network.lives.get(0).clockNanos());
        }

        assertThat(node.detector.members()).hasSize(Roster.MAX_MEMBERS + 1);
    }

    @Test
    void theDeadOfOthersAreNotLearned() {
        GossipNode node = network.start(0);

        node.hear(new GossipMessage.Gossip(
                Members.member(1),
                List.of(
                        Members.accusation(2, MemberState.DEAD, 5, 1),
                        Claim.of(Members.member(3, MemberState.LEFT, 5)))));

        assertThat(node.detector.members()).extracting(MemberInfo::label).containsExactly("node-0", "node-1");
    }

    @Test
    void theOneDoorRefusesWhatTheTableForbids() {
        Roster roster = new Roster(
                Members.member(0), SwimTimings.lan(), new Random(1), new Rumours(Set.of()), effect -> {}, Set.of());
        roster.hear(Claim.of(Members.member(1)), 0, "new");
        Known known = Objects.requireNonNull(roster.find(Members.id(1)));
        roster.become(known, Members.accusation(1, MemberState.DEAD, 1, 2), 0, "test");

        assertThatThrownBy(() -> roster.become(known, Members.accusation(1, MemberState.SUSPECT, 1, 2), 0, "test"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no way from");
        assertThatThrownBy(() -> roster.become(known, Claim.of(Members.member(1)), 0, "test"))
                .isInstanceOf(IllegalStateException.class);
    }
}
