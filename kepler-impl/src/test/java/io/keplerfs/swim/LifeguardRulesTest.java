package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the papers on SWIM and Lifeguard claim, one test each: one detector, no network. */
class LifeguardRulesTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long MILLI = Duration.ofMillis(1).toNanos();

    private long now = 5 * SECOND;
    private final Detector detector = new Detector(Members.member(0), SwimTimings.lan(), new Random(1), Set.of(), now);

    /** Everything it wants done until then, at the times it asked for. */
    private List<Effect> until(long endNanos) {
        List<Effect> effects = new ArrayList<>();
        while (detector.wakeNanos() - endNanos <= 0) {
            now = Math.max(now, detector.wakeNanos());
            effects.addAll(detector.tick(now));
        }
        now = endNanos;
        return effects;
    }

    private void knows(int members) {
        List<MemberInfo> everybody = new ArrayList<>();
        for (int number = 0; number < members; number++) {
            everybody.add(Members.member(number));
        }
        detector.roster().presume(everybody, now);
    }

    private static <T extends GossipMessage> List<T> sent(Class<T> kind, List<Effect> effects) {
        return effects.stream()
                .filter(Effect.Send.class::isInstance)
                .map(effect -> ((Effect.Send) effect).packet())
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    private GossipMessage.Ping nextPing() {
        List<GossipMessage.Ping> pings = List.of();
        while (pings.isEmpty()) {
            now = Math.max(now, detector.wakeNanos());
            pings = sent(GossipMessage.Ping.class, detector.tick(now));
        }
        return pings.get(0);
    }

    private MemberInfo known(NodeId id) {
        return Objects.requireNonNull(detector.roster().find(id)).info;
    }

    @Test
    void oneMemberIsProbedPerSecondAndEverybodyOncePerRound() {
        knows(11);

        List<GossipMessage.Ping> pings = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            GossipMessage.Ping ping = nextPing();
            pings.add(ping);
            MemberInfo answering = known(ping.target());
            detector.receive(new GossipMessage.Ack(answering, ping.sequence(), ping.target(), List.of()), now);
        }

        assertThat(pings).extracting(GossipMessage.Ping::target).doesNotHaveDuplicates();
        assertThat(now).isBetween(5 * SECOND + 9 * SECOND, 5 * SECOND + 10 * SECOND);
    }

    @Test
    void afterHalfASecondThreeOthersAreAskedAndAConnectionIsTried() {
        knows(11);
        GossipMessage.Ping ping = nextPing();
        long asked = now;

        assertThat(sent(GossipMessage.PingRequest.class, until(asked + 499 * MILLI)))
                .isEmpty();
        List<Effect> effects = until(asked + 501 * MILLI);

        assertThat(sent(GossipMessage.PingRequest.class, effects)).hasSize(3).allSatisfy(request -> {
            assertThat(request.target()).isEqualTo(ping.target());
            assertThat(request.waitMillis()).isEqualTo(500);
        });
        assertThat(effects)
                .anySatisfy(effect -> assertThat(effect)
                        .isInstanceOfSatisfying(
                                Effect.Exchange.class,
                                exchange -> assertThat(exchange.request()).isInstanceOf(GossipMessage.Ping.class)));
    }

    @Test
    void whoeverAnswersNobodyIsSuspectAfterASecondAndHearsOfItAtTheNextPing() {
        knows(3);
        GossipMessage.Ping ping = nextPing();

        until(now + SECOND + MILLI);

        assertThat(known(ping.target()).state()).isEqualTo(MemberState.SUSPECT);
        GossipMessage.Ping again = nextPing();
        while (!again.target().equals(ping.target())) {
            again = nextPing();
        }
        assertThat(again.claims())
                .anyMatch(claim -> claim.isAccusation() && claim.member().id().equals(ping.target()));
    }

    @Test
    void aSuspicionLastsFourSecondsTimesLogNAndSixTimesThatForALoneAccuser() {
        SwimTimings lan = SwimTimings.lan();

        assertThat(lan.shortestSuspicionNanos(3)).isEqualTo(4 * SECOND);
        assertThat(lan.shortestSuspicionNanos(10)).isEqualTo(4 * SECOND);
        assertThat(lan.shortestSuspicionNanos(1_000)).isEqualTo(12 * SECOND);
        assertThat(lan.longestSuspicionNanos(1_000)).isEqualTo(72 * SECOND);
    }

    @Test
    void confirmationsShortenASuspicionAndArePassedOn() {
        knows(11);
        detector.receive(accusing(1, 2), now);
        int told = detector.rumours().size();

        assertThat(detector.roster().suspicions())
                .first()
                .satisfies(
                        suspicion -> assertThat(suspicion.deadlineNanos() - now).isGreaterThan(24 * SECOND));
        for (int accuser = 3; accuser <= 5; accuser++) {
            detector.receive(accusing(1, accuser), now);
        }

        assertThat(detector.roster().suspicions())
                .first()
                .satisfies(
                        suspicion -> assertThat(suspicion.deadlineNanos() - now).isBetween(4 * SECOND, 5 * SECOND));
        assertThat(detector.rumours().size()).isEqualTo(told);
    }

    private static GossipMessage accusing(int accused, int by) {
        return new GossipMessage.Gossip(
                Members.member(by), List.of(Members.accusation(accused, MemberState.SUSPECT, 1, by)));
    }

    @Test
    void localHealthStretchesProbesUpToNineTimesAndHealsWithAnswers() {
        LocalHealth health = new LocalHealth(Set.of());
        for (int i = 0; i < 20; i++) {
            health.worse(1);
        }
        assertThat(health.multiplier()).isEqualTo(9);

        for (int i = 0; i < 8; i++) {
            health.better();
        }
        assertThat(health.multiplier()).isEqualTo(1);
    }

    @Test
    void whoIsAccusedRaisesItsIncarnationAndTrustsItselfLess() {
        knows(3);

        detector.receive(accusing(0, 2), now);

        assertThat(detector.self().incarnation()).isEqualTo(2);
        assertThat(detector.prober().health().score()).isEqualTo(1);
    }

    @Test
    void statesAreExchangedEachHalfMinuteAndMoreRarelyInLargeClusters() {
        SwimTimings lan = SwimTimings.lan();

        assertThat(lan.syncNanos(8)).isEqualTo(30 * SECOND);
        assertThat(lan.syncNanos(32)).isEqualTo(30 * SECOND);
        assertThat(lan.syncNanos(64)).isEqualTo(60 * SECOND);
        assertThat(lan.syncNanos(1_000)).isEqualTo(180 * SECOND);
    }

    @Test
    void whereStatesAgreeOnlySumsAreCompared() {
        knows(40);
        Detector other = new Detector(Members.member(1), SwimTimings.lan(), new Random(2), Set.of(), now);
        List<MemberInfo> everybody = new ArrayList<>(detector.members());
        other.roster().presume(everybody, now);

        assertThat(other.roster()
                        .digest()
                        .differences(detector.roster().digest().sums()))
                .isZero();

        detector.receive(accusing(7, 2), now);
        long differing =
                other.roster().digest().differences(detector.roster().digest().sums());
        assertThat(Long.bitCount(differing)).isEqualTo(1);
        assertThat(Digest.contains(differing, Members.id(7))).isTrue();
        assertThat(detector.roster().claims(differing, now)).hasSizeLessThan(10);
    }

    @Test
    void newsGoToThoseWhoDiedInTheLastHalfMinute() {
        knows(3);
        detector.receive(
                new GossipMessage.Gossip(Members.member(1), List.of(Members.accusation(2, MemberState.DEAD, 1, 1))),
                now);

        assertThat(until(now + 2 * SECOND))
                .anySatisfy(effect -> assertThat(effect).isInstanceOfSatisfying(Effect.Send.class, send -> {
                    assertThat(send.to()).isEqualTo(Endpoint.of(Members.address(2)));
                    assertThat(send.packet()).isInstanceOf(GossipMessage.Gossip.class);
                }));
    }

    @Test
    void aNewcomerLearnsWhoIsDeadAlreadyForAsLongAsOthersRememberIt() {
        Claim hours = new Claim(Members.member(2, MemberState.DEAD, 5), Members.id(1), 23 * 60);
        Claim day = new Claim(Members.member(3, MemberState.DEAD, 5), Members.id(1), 24 * 60);

        detector.receive(new GossipMessage.SyncReply(Members.member(1), List.of(hours, day)), now);

        assertThat(detector.members())
                .contains(hours.member())
                .extracting(MemberInfo::label)
                .containsExactlyInAnyOrder("node-0", "node-1", "node-2");
        assertThat(detector.roster().claims(Digest.ALL, now)).contains(hours);
        assertThat(sent(GossipMessage.Ping.class, until(now + 31 * SECOND)))
                .as("and it may still refute")
                .anyMatch(ping -> ping.target().equals(Members.id(2)));
        until(now + Duration.ofMinutes(61).toNanos());
        assertThat(detector.members()).extracting(MemberInfo::label).doesNotContain("node-2");
    }

    @Test
    void aLeaverDoesNotWaitForSuspicionsItNoLongerJudges() {
        knows(8);
        detector.receive(accusing(1, 2), now);
        detector.leave(now);

        until(now + 10 * SECOND);
        detector.tick(now);
        now += 60 * SECOND;
        detector.tick(now);

        assertThat(detector.wakeNanos() - now).isPositive();
    }

    @Test
    void presetsForOneMachineOneNetworkAndSitesFarApart() {
        assertThat(SwimTimings.of(Duration.ofSeconds(1), Duration.ofMillis(500)))
                .isEqualTo(SwimTimings.lan());
        assertThat(SwimTimings.of(Duration.ofSeconds(5), Duration.ofSeconds(3))).isEqualTo(SwimTimings.wan());
        assertThat(SwimTimings.of(Duration.ofSeconds(1), Duration.ofMillis(200)))
                .isEqualTo(SwimTimings.local());
        assertThat(SwimTimings.wan().shortestSuspicionNanos(10)).isEqualTo(30 * SECOND);
        assertThat(SwimTimings.wan().deadRetry()).isEqualTo(Duration.ofSeconds(30));
        assertThat(SwimTimings.local().shortestSuspicionNanos(10)).isEqualTo(3 * SECOND);
    }
}
