package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReplayWindowTest {
    @Test
    void itAnswersAsARememberedSetWould() {
        Random random = new Random(11);
        ReplayWindow window = new ReplayWindow();
        Set<Long> seen = new HashSet<>();
        long highest = 0;
        long base = 1;
        for (int i = 0; i < 200_000; i++) {
            base += random.nextInt(3) + (random.nextInt(500) == 0 ? random.nextInt(3 * ReplayWindow.WIDTH) : 0);
            long counter = base - random.nextInt(2 * ReplayWindow.WIDTH) / (1 + random.nextInt(50));
            boolean expected = counter > 0 && counter > highest - ReplayWindow.WIDTH && seen.add(counter);

            assertThat(window.first(counter))
                    .as("step %s, counter %s", i, counter)
                    .isEqualTo(expected);

            highest = Math.max(highest, counter);
        }
    }

    @Test
    void extremesAreRefusedOrAccepted() {
        ReplayWindow window = new ReplayWindow();

        assertThat(window.first(0)).isFalse();
        assertThat(window.first(Long.MIN_VALUE)).isFalse();
        assertThat(window.first(Long.MAX_VALUE)).isTrue();
        assertThat(window.first(Long.MAX_VALUE)).isFalse();
        assertThat(window.first(Long.MAX_VALUE - 1)).isTrue();
        assertThat(window.first(1)).isFalse();
    }
}
