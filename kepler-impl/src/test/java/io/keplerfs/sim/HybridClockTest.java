package io.keplerfs.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.register.HybridClock;
import io.keplerfs.spi.Ballot;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class HybridClockTest {
    private static final NodeId NODE = new NodeId(new UUID(0, 1));

    private final SimLoop loop = new SimLoop(1);
    private SimStore store = new SimStore(loop, NODE, 1_000_000, Set.of(), row -> {});
    private SimProcess process = new SimProcess(loop, 0);

    private HybridClock open(long skewMillis) {
        process = new SimProcess(loop, skewMillis);
        CompletableFuture<HybridClock> opened = HybridClock.open(process, store, NODE);
        loop.runUntil(opened::isDone, Duration.ofSeconds(1));
        return opened.join();
    }

    private void crash() {
        process.kill();
        store = store.crash();
    }

    private void pass(Duration time) {
        loop.runUntil(() -> false, time);
    }

    @Test
    void ballotsRiseAndFollowTheWallClock() {
        HybridClock clock = open(0);
        Ballot first = clock.next().orElseThrow();
        Ballot second = clock.next().orElseThrow();
        pass(Duration.ofMillis(100));
        Ballot third = clock.next().orElseThrow();

        assertThat(second).isGreaterThan(first);
        assertThat(first.node()).isEqualTo(NODE);
        assertThat(third.millis() - first.millis()).isEqualTo(100);
    }

    @Test
    void aRestartWithItsWallClockSetBackMakesNoBallotTwice() {
        Ballot before = open(0).next().orElseThrow();
        crash();
        Ballot after = open(-3_600_000).next().orElseThrow();

        assertThat(after).isGreaterThan(before);
    }

    @Test
    void manyQuickRestartsDoNotRunAwayFromTheWallClock() {
        for (int i = 0; i < 100; i++) {
            open(0).next();
            crash();
        }

        long ahead = open(0).next().orElseThrow().millis() - process.wallMillis();
        assertThat(Duration.ofMillis(ahead)).isLessThan(Duration.ofMinutes(4));
    }

    @Test
    void aCleanEndGivesTheReservedTimeBack() {
        HybridClock clock = open(0);
        clock.next();
        CompletableFuture<Void> closed = clock.close();
        loop.runUntil(closed::isDone, Duration.ofSeconds(1));

        assertThat(clock.next()).isEmpty();
        crash();
        assertThat(open(0).next().orElseThrow().millis() - process.wallMillis()).isLessThan(10);
    }

    @Test
    void anIdleNodeKeepsTimeReserved() {
        HybridClock clock = open(0);
        pass(Duration.ofHours(2));

        assertThat(clock.next().orElseThrow().millis()).isEqualTo(process.wallMillis());
    }

    @Test
    void noBallotIsMadeAboveTheReservedTimeBeforeMoreIsReserved() {
        HybridClock clock = open(0);
        long ahead = process.wallMillis() + 600_000 << 16;
        clock.observe(ahead);

        assertThat(clock.next()).isEmpty();
        pass(Duration.ofMillis(5));
        Optional<Ballot> later = clock.next();
        assertThat(later).isPresent();
        assertThat(later.get().time()).isEqualTo(ahead + 1);
    }

    @Test
    void aStampFarAheadIsNotFollowed() {
        HybridClock clock = open(0);
        clock.observe(process.wallMillis() + 2 * 3_600_000 << 16);

        assertThat(clock.next().orElseThrow().millis()).isEqualTo(process.wallMillis());
    }

    @Test
    void aWallClockThatJumpsByHoursWhileTheNodeRunsNeverTakesABallotBack() {
        HybridClock clock = open(0);
        Ballot first = clock.next().orElseThrow();
        process.setSkew(Duration.ofHours(3).toMillis());
        Ballot ahead = clock.next().orElseThrow();
        pass(Duration.ofMinutes(1));
        Ballot farAhead = clock.next().orElseThrow();
        process.setSkew(Duration.ofHours(-3).toMillis());
        Ballot back = clock.next().orElseThrow();

        assertThat(ahead).isGreaterThan(first);
        assertThat(ahead.millis() - first.millis()).isLessThanOrEqualTo(60_000);
        assertThat(farAhead.millis() - first.millis())
                .isGreaterThan(Duration.ofHours(2).toMillis());
        assertThat(back).isGreaterThan(farAhead);
        crash();
        assertThat(open(0).next().orElseThrow()).isGreaterThan(back);
    }
}
