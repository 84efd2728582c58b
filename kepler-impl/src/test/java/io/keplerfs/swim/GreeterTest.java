package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GreeterTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final Endpoint SEED = Endpoint.parse("seed-1:4000");

    private final Set<NodeId> living = new HashSet<>();
    private long now = 5 * SECOND;
    private Greeter greeter = greeter(SEED);

    private Greeter greeter(Endpoint... seeds) {
        return new Greeter(SwimTimings.lan(), Members.id(0), List.of(seeds), now);
    }

    @Test
    void withoutAClusterASeedThatIsDownIsGreetedOnceASecond() {
        assertThat(greetingsIn(10, false)).isEqualTo(10);
    }

    @Test
    void inAClusterAStrangerIsGreetedEveryFiveSecondsAtFirstAndEveryThirtyLater() {
        assertThat(greetingsIn(60, true)).isEqualTo(12);
        assertThat(greetingsIn(300, true)).isBetween(10, 11);
    }

    @Test
    void aLivingMemberIsLeftInPeaceUntilItIsOneNoMore() {
        greeter.due(true, living::contains, now);
        greeter.answered(SEED, Members.id(1), now);
        living.add(Members.id(1));
        assertThat(greetingsIn(120, true)).isZero();

        living.clear();

        assertThat(greetingsIn(31, true)).isPositive();
    }

    @Test
    void aSeedThatIsOurselvesIsHardlyEverGreetedAgain() {
        greeter.due(false, living::contains, now);
        greeter.answered(SEED, Members.id(0), now);

        assertThat(greetingsIn(29, false)).isZero();
    }

    @Test
    void aChangedCardIsToldAtOnce() {
        greeter.due(true, living::contains, now);
        greeter.failed(SEED);
        assertThat(greeter.due(true, living::contains, now)).isEmpty();

        greeter.hurry(now);

        assertThat(greeter.due(true, living::contains, now)).containsExactly(SEED);
    }

    @Test
    void nobodyIsGreetedTwiceAtATimeAndOnlyAFewAtOnce() {
        greeter = greeter(IntStream.range(0, 10)
                .mapToObj(i -> Endpoint.parse("seed-" + i + ":4000"))
                .toArray(Endpoint[]::new));
        List<Endpoint> first = greeter.due(false, living::contains, now);
        now += 10 * SECOND;

        assertThat(first).hasSize(4);
        assertThat(greeter.due(false, living::contains, now)).isEmpty();
        greeter.failed(first.get(0));
        assertThat(greeter.due(false, living::contains, now)).hasSize(1).doesNotContainAnyElementsOf(first);
    }

    @Test
    void nodesOnceMetAreGreetedForADayAndSeedsForEver() {
        greeter.met(Members.member(3), now);
        List<Endpoint> greeted = new ArrayList<>(greeter.due(true, living::contains, now));
        assertThat(greeted).containsExactlyInAnyOrder(SEED, Endpoint.of(Members.address(3)));
        greeted.forEach(greeter::failed);

        now += Duration.ofHours(24).toNanos();

        assertThat(greeter.due(true, living::contains, now)).containsExactly(SEED);
    }

    @Test
    void strangersCannotMakeItRememberWithoutBound() {
        IntStream.range(1, 5000).forEach(number -> greeter.met(Members.member(number), now));

        Set<Endpoint> greeted = new HashSet<>();
        for (List<Endpoint> due = greeter.due(true, living::contains, now);
                !due.isEmpty();
                due = greeter.due(true, living::contains, now)) {
            due.forEach(greeter::failed);
            greeted.addAll(due);
        }
        assertThat(greeted).hasSize(256);
    }

    @Test
    void endpointsAreReadWithNamesAndWithBothKindsOfAddresses() {
        assertThat(Endpoint.parse("node-a.example:4001")).isEqualTo(new Endpoint("node-a.example", 4001));
        assertThat(Endpoint.parse("127.0.0.1:4001")).isEqualTo(new Endpoint("127.0.0.1", 4001));
        assertThat(Endpoint.parse("[::1]:4001"))
                .isEqualTo(new Endpoint("::1", 4001))
                .hasToString("[::1]:4001");
        for (String bad : List.of("", "host", "host:", ":4000", "host:0", "host:65536", "host:port")) {
            assertThatThrownBy(() -> Endpoint.parse(bad))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("host:gossip_port");
        }
    }

    /** How often the seed is greeted, which never answers. */
    private int greetingsIn(int seconds, boolean inCluster) {
        int greetings = 0;
        for (long end = now + seconds * SECOND; now < end; now += SECOND / 4) {
            for (Endpoint there : greeter.due(inCluster, living::contains, now)) {
                greeter.failed(there);
                greetings++;
            }
        }
        return greetings;
    }
}
