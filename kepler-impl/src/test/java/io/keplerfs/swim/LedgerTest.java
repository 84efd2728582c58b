package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.Contact;
import io.keplerfs.values.Measure;
import io.keplerfs.values.MemberState;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the detector says of its own work. */
class LedgerTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final GossipNetwork network = new GossipNetwork(3, SwimTimings.lan());

    @Test
    void everyProbeIsAnsweredOnOneWayOrFails() {
        List<GossipNode> nodes = network.cluster(5);
        network.lose(0.2);

        network.run(MINUTE.multipliedBy(10));

        for (GossipNode node : nodes) {
            Ledger ledger = node.detector.ledger();
            long ended = ledger.ackedDirectly.sum()
                    + ledger.ackedThroughRelay.sum()
                    + ledger.ackedByStream.sum()
                    + ledger.probesFailed.sum();
            assertThat(ledger.probes.sum()).isGreaterThan(100).isBetween(ended, ended + 1);
            assertThat(ledger.ackedThroughRelay.sum()).isPositive();
            assertThat(ledger.ackedByStream.sum()).isPositive();
            assertThat(ledger.ackedDirectly.sum()).isGreaterThan(ledger.probes.sum() / 2);
        }
    }

    @Test
    void theRoundTripIsThatOfTheNetwork() {
        network.weather(delayed(30, 40));
        List<GossipNode> nodes = network.cluster(3);

        network.run(MINUTE);

        Contact contact = contact(nodes.get(0), nodes.get(1));
        assertThat(contact.roundTrip().orElseThrow()).isBetween(Duration.ofMillis(60), Duration.ofMillis(80));
        assertThat(contact.sinceHeard()).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void anAnswerByADetourSaysNothingOfTheRoundTrip() {
        List<GossipNode> nodes = network.cluster(3);
        network.run(MINUTE);
        Duration before = contact(nodes.get(0), nodes.get(1)).roundTrip().orElseThrow();
        network.weather(delayed(50, 50));
        network.cut((from, to) -> Set.of(from, to).equals(Set.of(nodes.get(0), nodes.get(1))));

        network.run(MINUTE);

        assertThat(nodes.get(0).detector.ledger().ackedThroughRelay.sum()).isPositive();
        assertThat(contact(nodes.get(0), nodes.get(1)).roundTrip()).contains(before);
        assertThat(contact(nodes.get(0), nodes.get(1)).sinceHeard()).isGreaterThan(Duration.ofSeconds(50));
    }

    @Test
    void aRefutedSuspicionIsAFalseAlarmOfTheAccuserAndARefuteOfTheAccused() {
        List<GossipNode> nodes = network.cluster(3);
        network.run(MINUTE);
        GossipNode slow = nodes.get(2);
        assertThat(network.deaths()).isEmpty();

        slow.pause(Duration.ofSeconds(5));
        network.run(MINUTE);

        assertThat(slow.detector.ledger().refutes.sum()).isPositive();
        Ledger accusers = nodes.get(0).detector.ledger();
        assertThat(accusers.suspicions.sum()
                        + nodes.get(1).detector.ledger().suspicions.sum())
                .isPositive();
        for (GossipNode accuser : nodes.subList(0, 2)) {
            Ledger ledger = accuser.detector.ledger();
            assertThat(ledger.falseSuspicions.sum()).isEqualTo(ledger.suspicions.sum() > 0 ? 1 : 0);
            assertThat(ledger.falseDeaths.sum()).isZero();
        }
    }

    @Test
    void aDeathOfWhichTheMemberKnewNothingIsAFalseAlarmToo() {
        List<GossipNode> nodes = network.cluster(3);
        GossipNode cutOff = nodes.get(2);
        network.cut((from, to) -> (from == cutOff) != (to == cutOff));
        network.run(MINUTE.multipliedBy(2));
        assertThat(nodes.get(0).believes(cutOff, MemberState.DEAD)).isTrue();

        network.heal();
        network.run(MINUTE.multipliedBy(2));

        assertThat(nodes.get(0).believes(cutOff, MemberState.ALIVE)).isTrue();
        assertThat(nodes.get(0).detector.ledger().falseDeaths.sum()
                        + nodes.get(1).detector.ledger().falseDeaths.sum())
                .isPositive();
        assertThat(nodes.get(0).detector.ledger().deaths.sum()
                        + nodes.get(1).detector.ledger().deaths.sum())
                .isPositive();
    }

    @Test
    void nothingIsLeftToTellOnceEverybodyHasHeardIt() {
        List<GossipNode> nodes = network.cluster(3);
        network.run(MINUTE);
        assertThat(nodes.get(0).detector.ledger().rumours).isZero();

        nodes.get(2).leave();
        network.run(Duration.ofMillis(20));

        assertThat(nodes).anyMatch(node -> node.detector.ledger().rumours > 0);
    }

    @Test
    void measuresOfOneNameStandSideBySideAndDifferInTheirLabels() {
        List<Measure> measures = Measures.of(new Counters().snapshot(), new Ledger());

        assertThat(measures.stream().map(measure -> measure.name() + measure.labels()))
                .doesNotHaveDuplicates();
        List<String> runs = measures.stream().map(Measure::name).collect(Collectors.toList());
        for (int i = runs.size() - 1; i > 0; i--) {
            if (runs.get(i).equals(runs.get(i - 1))) {
                runs.remove(i);
            }
        }
        assertThat(runs).doesNotHaveDuplicates();
    }

    private static GossipWeather delayed(long fromMillis, long toMillis) {
        return new GossipWeather(0, 0, 0, 0, 0, Duration.ofMillis(fromMillis), Duration.ofMillis(toMillis));
    }

    private static Contact contact(GossipNode of, GossipNode other) {
        Known known = Objects.requireNonNull(of.detector.roster().index().get(other.id));
        return known.contact(of.clockNanos()).orElseThrow();
    }
}
