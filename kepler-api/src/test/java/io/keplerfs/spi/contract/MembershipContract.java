package io.keplerfs.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.Measure;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every {@link Membership} must do. Each test also proves that events are in order per member, that the host is called on
 * one thread of the membership at a time, and that no thread is left behind.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class MembershipContract {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** How long something must not happen: a few probes and more than one hello. */
    private static final Duration WATCHED = Duration.ofMillis(2500);

    private static final UUID CLUSTER = new UUID(1, 1);
    private static final UUID OTHER_CLUSTER = new UUID(2, 2);

    private final List<GossipNode> nodes = new ArrayList<>();
    private int ids;

    /** A new membership, neither bound nor started; those made during one test can reach each other. */
    protected abstract Membership newMembership() throws Exception;

    /** Where the memberships of this test listen. */
    protected String bindHost() {
        return "127.0.0.1";
    }

    /** Time between probes in these tests. */
    protected Duration probeInterval() {
        return Duration.ofMillis(200);
    }

    /** What others take a node for that ends without a good-bye. */
    protected MemberState afterSilence() {
        return MemberState.DEAD;
    }

    @AfterEach
    protected void closeNodes() {
        nodes.forEach(node -> node.closeAndCheck(PATIENCE));
    }

    // ---- finding each other

    @Test
    void aNodeAloneIsItsOwnLivingMember() throws Exception {
        GossipNode alone = start(bind().in(CLUSTER));

        assertThat(alone.membership().members()).containsExactly(alone.self());
        alone.membership().leave(Duration.ofMillis(100));
    }

    @Test
    void twoNodesFindEachOtherFromOneSeed() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode two = start(bind().in(CLUSTER), one.seed());

        patiently().untilAsserted(() -> {
            assertThat(one.membership().members()).hasSize(2).anySatisfy(member -> assertDescribes(member, two));
            assertThat(two.membership().members()).hasSize(2).anySatisfy(member -> assertDescribes(member, one));
        });
        patiently().untilAsserted(() -> {
            assertThat(one.changesOf(two)).anySatisfy(change -> assertDescribes(change.now(), two));
            assertThat(two.changesOf(one)).anySatisfy(change -> assertDescribes(change.now(), one));
        });
    }

    /** The incarnation may have risen meanwhile: a slow machine makes nodes refute suspicions. */
    private static void assertDescribes(MemberInfo seen, GossipNode node) {
        assertThat(seen)
                .usingRecursiveComparison()
                .ignoringFields("incarnation")
                .isEqualTo(node.self());
        assertThat(seen.incarnation()).isGreaterThanOrEqualTo(node.self().incarnation());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void nodesFindEachOtherInWhateverOrderTheyStart(long seed) throws Exception {
        List<GossipNode> bound = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            bound.add(bind().in(CLUSTER));
        }
        String first = bound.get(0).seed();
        List<GossipNode> order = new ArrayList<>(bound);
        Collections.shuffle(order, new Random(seed));

        for (GossipNode node : order) {
            start(node, first);
        }

        for (GossipNode node : bound) {
            patiently()
                    .untilAsserted(() -> assertThat(node.alive())
                            .containsExactlyInAnyOrderElementsOf(
                                    bound.stream().map(GossipNode::id).toList()));
        }
    }

    @Test
    void aSeedThatIsNotThereDoesNotKeepTheOthersApart() throws Exception {
        GossipNode gone = bind();
        gone.membership().close();
        GossipNode one = start(bind().in(CLUSTER), gone.seed(), "no-such-host.invalid:7000");

        GossipNode two = start(bind().in(CLUSTER), gone.seed(), one.seed());

        awaitAlive(one, two);
    }

    @Test
    void membersOfAnEarlierRunAreSeedsToo() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode two = bind().in(CLUSTER);

        two.start(List.of(), List.of(one.self().withState(MemberState.DEAD)), "", probeInterval());

        awaitAlive(one, two);
    }

    // ---- clusters

    @Test
    void nodesOfDifferentClustersNeverMix() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode stranger = start(bind().in(OTHER_CLUSTER), one.seed());
        GossipNode two = start(bind().in(CLUSTER), one.seed(), stranger.seed());

        awaitAlive(one, two);

        staysTrue(() -> {
            assertThat(stranger.membership().members()).containsExactly(stranger.self());
            assertThat(one.seen(stranger)).isEmpty();
            assertThat(two.seen(stranger)).isEmpty();
            assertThat(one.changesOf(stranger)).isEmpty();
            assertThat(stranger.changesOf(one)).isEmpty();
        });
    }

    @Test
    void nodesWithDifferentSecretsNeverMix() throws Exception {
        GossipNode one = startWithSecret("sesame", bind().in(CLUSTER));
        GossipNode stranger = startWithSecret("barley", bind().in(CLUSTER), one.seed());
        GossipNode without = startWithSecret("", bind().in(CLUSTER), one.seed());
        GossipNode two = startWithSecret("sesame", bind().in(CLUSTER), one.seed());

        awaitAlive(one, two);

        staysTrue(() -> {
            assertThat(one.alive()).containsExactlyInAnyOrder(one.id(), two.id());
            assertThat(stranger.membership().members()).containsExactly(stranger.self());
            assertThat(without.membership().members()).containsExactly(without.self());
            assertThat(stranger.meetings).isEmpty();
        });
    }

    @Test
    void secretsChangeWhileNodesGossipAndNobodyIsLost() throws Exception {
        GossipNode one = startWithSecret("the first secret", bind().in(CLUSTER));
        GossipNode two = startWithSecret("the first secret", bind().in(CLUSTER), one.seed());
        GossipNode three = startWithSecret("the first secret", bind().in(CLUSTER), one.seed());
        awaitAlive(one, two, three);
        List<GossipNode> all = List.of(one, two, three);

        for (Keyring step : List.of(
                new Keyring(List.of("the first secret", "the next secret")),
                new Keyring(List.of("the next secret", "the first secret")),
                Keyring.of("the next secret"))) {
            for (GossipNode node : all) {
                node.membership().use(step);
                staysTrue(() -> assertThat(one.alive()).hasSizeGreaterThan(1));
            }
        }

        for (GossipNode node : all) {
            assertThat(node.changes)
                    .noneSatisfy(change -> assertThat(change.now().state()).isIn(MemberState.DEAD, MemberState.LEFT));
        }
        GossipNode late = startWithSecret("the first secret", bind().in(CLUSTER), one.seed());
        GossipNode fresh = startWithSecret("the next secret", bind().in(CLUSTER), one.seed());
        awaitAlive(one, two, three, fresh);
        assertThat(late.membership().members()).containsExactly(late.self());
    }

    @Test
    void aHelloCarriesBothCardsToBothHosts() throws Exception {
        GossipNode member = start(bind().in(CLUSTER));

        GossipNode newcomer = start(bind(), member.seed());

        patiently().untilAsserted(() -> {
            assertThat(newcomer.meetings).anySatisfy(met -> {
                assertThat(met.other().id()).isEqualTo(member.id());
                assertThat(met.other().address()).isEqualTo(member.self().address());
                assertThat(met.card()).isEqualTo(GossipNode.cardOf(Optional.of(CLUSTER)));
            });
            assertThat(member.meetings).anySatisfy(met -> {
                assertThat(met.other().id()).isEqualTo(newcomer.id());
                assertThat(met.other().address()).isEqualTo(newcomer.self().address());
                assertThat(met.card()).isEqualTo(GossipNode.cardOf(Optional.empty()));
            });
        });
        assertThat(newcomer.seen(member)).isEmpty();
        assertThat(member.seen(newcomer)).isEmpty();
    }

    @Test
    void twoNodesWithoutAClusterMeet() throws Exception {
        GossipNode one = start(bind());
        GossipNode two = start(bind(), one.seed());

        patiently().untilAsserted(() -> {
            assertThat(one.meetings).anyMatch(met -> met.other().id().equals(two.id()));
            assertThat(two.meetings).anyMatch(met -> met.other().id().equals(one.id()));
        });
        assertThat(one.seen(two)).isEmpty();
    }

    @Test
    void aNodeWithoutAClusterGoesOnSayingHello() throws Exception {
        GossipNode member = start(bind().in(CLUSTER));
        GossipNode newcomer = start(bind(), member.seed());

        patiently().untilAsserted(() -> {
            assertThat(newcomer.meetings).hasSizeGreaterThan(2);
            assertThat(member.meetings).hasSizeGreaterThan(2);
        });
    }

    @Test
    void aNodeThatAdoptsTheClusterItMetBecomesAMember() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode two = start(bind().in(CLUSTER), one.seed());

        GossipNode newcomer = start(bind().adopting(), two.seed());

        awaitAlive(one, two, newcomer);
        assertThat(newcomer.card().clusterId()).contains(CLUSTER);
    }

    @Test
    void nodesThatFormAClusterAfterTheyMetBecomeMembers() throws Exception {
        GossipNode one = start(bind());
        GossipNode two = start(bind().adopting(), one.seed());
        GossipNode three = start(bind().adopting(), one.seed());
        patiently().until(() -> !two.meetings.isEmpty() && !three.meetings.isEmpty());

        one.in(CLUSTER).membership().cardChanged();

        awaitAlive(one, two, three);
    }

    // ---- going and coming back

    @Test
    void aGoodByeIsHeardByEverybody() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode two = start(bind().in(CLUSTER), one.seed());
        GossipNode leaver = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, two, leaver);

        leaver.membership().leave(PATIENCE);
        leaver.membership().close();

        for (GossipNode rest : List.of(one, two)) {
            patiently().untilAsserted(() -> assertThat(rest.stateOf(leaver)).contains(MemberState.LEFT));
            patiently()
                    .untilAsserted(() -> assertThat(rest.changesOf(leaver)).anySatisfy(change -> {
                        assertThat(change.before()).isIn(MemberState.ALIVE, MemberState.SUSPECT);
                        assertThat(change.now().state()).isEqualTo(MemberState.LEFT);
                    }));
        }
        awaitAlive(one, two);
    }

    @Test
    void aNodeThatFallsSilentIsGivenUpAndRemembered() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode two = start(bind().in(CLUSTER), one.seed());
        GossipNode silent = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, two, silent);

        silent.membership().close();

        for (GossipNode rest : List.of(one, two)) {
            patiently().untilAsserted(() -> assertThat(rest.stateOf(silent)).contains(afterSilence()));
            patiently()
                    .untilAsserted(() -> assertThat(rest.changesOf(silent))
                            .anyMatch(change -> change.now().state() == afterSilence()));
        }
    }

    @Test
    void aRestartWithAHigherIncarnationIsAliveAgainAfterSilence() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode before = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, before);
        before.membership().close();
        patiently().until(() -> one.stateOf(before).equals(Optional.of(afterSilence())));

        GossipNode again = start(bindAgain(before).in(CLUSTER), one.seed());

        awaitRestart(one, again);
    }

    @Test
    void aRestartWithAHigherIncarnationIsAliveAgainAfterAGoodBye() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode before = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, before);
        before.membership().leave(PATIENCE);
        before.membership().close();
        patiently().until(() -> one.stateOf(before).equals(Optional.of(MemberState.LEFT)));

        GossipNode again = start(bindAgain(before).in(CLUSTER), one.seed());

        awaitRestart(one, again);
    }

    @Test
    void aRestartBeforeAnybodyNoticedTakesTheNewAddress() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode before = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, before);
        before.membership().close();

        GossipNode again = start(bindAgain(before).in(CLUSTER), one.seed());

        awaitRestart(one, again);
    }

    // ---- what it says of its own work

    @Test
    void livingMembersAreHeardAndAnswerInMeasurableTime() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode two = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, two);

        patiently().untilAsserted(() -> {
            Membership.Report report = one.membership().report();
            assertThat(report.contacts()).containsOnlyKeys(two.id());
            assertThat(report.contacts().get(two.id())).satisfies(contact -> {
                assertThat(contact.roundTrip()).isPresent();
                assertThat(contact.roundTrip().get()).isLessThan(probeInterval());
                assertThat(contact.sinceHeard()).isLessThan(probeInterval().multipliedBy(2));
            });
        });
        assertThat(one.membership().report().localHealth()).isBetween(0, 8);
    }

    @Test
    void whoFallsSilentIsNotHeard() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        GossipNode silent = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, silent);

        silent.membership().close();

        Duration longAgo = probeInterval().multipliedBy(4);
        patiently()
                .until(() -> Optional.ofNullable(
                                one.membership().report().contacts().get(silent.id()))
                        .map(contact -> contact.sinceHeard().compareTo(longAgo) > 0)
                        .orElse(true));
    }

    @Test
    void measuresKeepTheirNamesAndCountersNeverFall() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        List<Measure> before = one.membership().report().measures();
        GossipNode two = start(bind().in(CLUSTER), one.seed());
        awaitAlive(one, two);

        List<Measure> now = one.membership().report().measures();

        assertThat(now).hasSameSizeAs(before);
        for (int i = 0; i < now.size(); i++) {
            assertThat(now.get(i).name() + now.get(i).labels())
                    .isEqualTo(before.get(i).name() + before.get(i).labels());
            if (now.get(i).kind() == Measure.Kind.COUNTER) {
                assertThat(now.get(i).value())
                        .isGreaterThanOrEqualTo(before.get(i).value());
            }
        }
    }

    @Test
    void aMembershipThatDoesNotRunHasNothingToSay() throws Exception {
        assertThat(bind().membership().report()).isEqualTo(Membership.Report.NONE);
    }

    // ---- ports and ends

    @Test
    void aPortThatIsTakenIsRefusedByItsNumber() throws Exception {
        int taken = bind().self().address().gossipPort();
        assumeTrue(taken != 0, "this membership has no ports");
        Membership second = newMembership();

        assertThatThrownBy(() -> second.bind(bindHost(), taken))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(Integer.toString(taken));
        second.close();
    }

    @Test
    void closingFreesThePortAndMayBeRepeated() throws Exception {
        GossipNode one = start(bind().in(CLUSTER));
        int port = one.self().address().gossipPort();

        one.membership().close();
        one.membership().close();

        Membership next = newMembership();
        assertThat(next.bind(bindHost(), port)).isEqualTo(port);
        next.close();
    }

    @Test
    void aMembershipThatWasNeverStartedCanBeClosed() throws Exception {
        newMembership().close();
        bind().membership().close();
    }

    // ---- the nodes of one test

    private GossipNode bind() throws Exception {
        ids++;
        return node(new NodeId(new UUID(ids, 0x8000_0000_0000_0000L | ids)), 10L * ids);
    }

    private GossipNode bindAgain(GossipNode earlier) throws Exception {
        return node(earlier.id(), earlier.self().incarnation() + 1);
    }

    private GossipNode node(NodeId id, long incarnation) throws Exception {
        GossipNode node = new GossipNode(newMembership(), id, incarnation, bindHost());
        nodes.add(node);
        return node;
    }

    private GossipNode start(GossipNode node, String... seeds) {
        return startWithSecret("", node, seeds);
    }

    private GossipNode startWithSecret(String secret, GossipNode node, String... seeds) {
        return node.start(List.of(seeds), List.of(), secret, probeInterval());
    }

    private void awaitAlive(GossipNode... expected) {
        for (GossipNode node : expected) {
            for (GossipNode other : expected) {
                patiently().untilAsserted(() -> assertThat(node.stateOf(other)).contains(MemberState.ALIVE));
            }
        }
    }

    private void awaitRestart(GossipNode one, GossipNode again) {
        patiently().untilAsserted(() -> {
            assertThat(one.stateOf(again)).contains(MemberState.ALIVE);
            MemberInfo seen = one.seen(again).orElseThrow();
            assertThat(seen.incarnation()).isGreaterThanOrEqualTo(again.self().incarnation());
            assertThat(seen.address()).isEqualTo(again.self().address());
            assertThat(again.stateOf(one)).contains(MemberState.ALIVE);
        });
        patiently()
                .untilAsserted(() -> assertThat(one.changesOf(again)).anySatisfy(change -> {
                    assertThat(change.now().state()).isEqualTo(MemberState.ALIVE);
                    assertThat(change.now().incarnation())
                            .isGreaterThanOrEqualTo(again.self().incarnation());
                }));
    }

    private static ConditionFactory patiently() {
        return await().pollInterval(Duration.ofMillis(20)).atMost(PATIENCE);
    }

    private static void staysTrue(ThrowingRunnable assertion) {
        await().during(WATCHED).atMost(PATIENCE).untilAsserted(assertion);
    }
}
