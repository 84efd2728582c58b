package io.keplerfs.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.values.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BandwidthTest {
    private static final long MB = 1_000_000;

    private final SimLoop world = new SimLoop(1);
    private final Bandwidth bandwidth = new Bandwidth(new SimProcess(world, 0), 10 * MB);
    private long moved;

    /** One transfer of 1 MB after the other, as many as may go. */
    private void copyWithoutEnd() {
        bandwidth.take(Priority.MOVE, MB).thenRun(() -> {
            moved += MB;
            copyWithoutEnd();
        });
    }

    /** Clients that move so many bytes per second, in a hundred pieces. */
    private void clients(long bytesPerSecond) {
        bandwidth.foreground(bytesPerSecond / 100);
        world.after(Duration.ofMillis(10), () -> clients(bytesPerSecond));
    }

    private long movedDuring(Duration time) {
        long before = moved;
        world.runUntil(() -> false, time);
        return moved - before;
    }

    @Test
    void copiesGetTheWholeCapWhileClientsAreQuiet() {
        copyWithoutEnd();
        assertThat(movedDuring(Duration.ofSeconds(10))).isBetween(100 * MB, 102 * MB);
    }

    @Test
    void whatClientsMoveIsTakenFromTheCap() {
        clients(6 * MB);
        copyWithoutEnd();
        assertThat(movedDuring(Duration.ofSeconds(20))).isBetween(76 * MB, 84 * MB);
    }

    @Test
    void aTenthOfTheCapStaysHoweverBusyClientsAre() {
        clients(1_000 * MB);
        copyWithoutEnd();
        assertThat(movedDuring(Duration.ofSeconds(20))).isBetween(19 * MB, 22 * MB);
    }

    @Test
    void clientsOfLongAgoDoNotSlowACopyDown() {
        bandwidth.take(Priority.MOVE, MB);
        bandwidth.foreground(1_000_000 * MB);
        movedDuring(Duration.ofHours(1));
        copyWithoutEnd();
        assertThat(movedDuring(Duration.ofSeconds(1))).isBetween(10 * MB, 11 * MB);
    }

    @Test
    void theCapChangesAtOnceAlsoForThoseWhoWait() {
        bandwidth.throttle(Bandwidth.LEAST);
        copyWithoutEnd();
        assertThat(movedDuring(Duration.ofSeconds(5)))
                .as("one needs ten seconds")
                .isZero();
        bandwidth.throttle(20 * MB);
        assertThat(movedDuring(Duration.ofSeconds(1))).isBetween(20 * MB, 22 * MB);
        assertThat(bandwidth.bytesPerSecond()).isEqualTo(20 * MB);
    }

    @Test
    void theMostUrgentGoesFirstThenWhoAskedFirst() {
        List<String> order = new ArrayList<>();
        bandwidth.take(Priority.MOVE, MB).thenRun(() -> order.add("first of all"));
        bandwidth.take(Priority.MOVE, MB).thenRun(() -> order.add("move"));
        bandwidth.take(Priority.MOVE, MB).thenRun(() -> order.add("second move"));
        bandwidth.take(Priority.ONE_COPY_LEFT, MB).thenRun(() -> order.add("one copy left"));
        movedDuring(Duration.ofSeconds(1));
        assertThat(order).containsExactly("first of all", "one copy left", "move", "second move");
    }

    @Test
    void aCapOutOfItsBoundsIsRefusedAndChangesNothing() {
        assertThatThrownBy(() -> bandwidth.throttle(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("100000")
                .hasMessageContaining("pause");
        assertThatThrownBy(() -> bandwidth.throttle(Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
        assertThat(bandwidth.bytesPerSecond()).isEqualTo(10 * MB);
    }
}
