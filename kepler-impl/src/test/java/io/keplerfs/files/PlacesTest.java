package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.UnavailableException;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class PlacesTest {
    private final SimLoop time = new SimLoop(1);
    private final SimProcess loop = new SimProcess(time, 0);
    private final Places places = new Places(2);

    private CompletableFuture<Void> take(int seconds) {
        return places.take(loop, Duration.ofSeconds(seconds), () -> new UnavailableException("none free"));
    }

    @Test
    void whoFindsNoPlaceWaitsInTurn() {
        assertThat(take(1)).isCompleted();
        assertThat(take(1)).isCompleted();
        CompletableFuture<Void> first = take(10);
        CompletableFuture<Void> second = take(10);
        assertThat(places.tryTake()).isFalse();

        places.giveBack();
        assertThat(first).isCompleted();
        assertThat(second).isNotDone();
        places.giveBack();
        assertThat(second).isCompleted();

        places.giveBack();
        places.giveBack();
        assertThat(places.tryTake()).isTrue();
        assertThat(places.tryTake()).isTrue();
        assertThat(places.tryTake()).isFalse();
    }

    @Test
    void waitingEndsAtItsTimeoutAndLosesNoPlace() {
        assertThat(take(1)).isCompleted();
        assertThat(take(1)).isCompleted();
        CompletableFuture<Void> impatient = take(1);
        CompletableFuture<Void> patient = take(60);
        time.runUntil(() -> false, Duration.ofSeconds(2));
        assertThat(impatient)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(UnavailableException.class);

        places.giveBack();
        assertThat(patient).isCompleted();
    }
}
