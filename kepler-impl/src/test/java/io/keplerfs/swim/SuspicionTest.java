package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SuspicionTest {
    private static final long SHORTEST = 4_000;
    private static final long LONGEST = 24_000;

    @Test
    void aLoneAccuserWaitsLongest() {
        assertThat(suspicion(3).deadlineNanos()).isEqualTo(1_000 + LONGEST);
    }

    @Test
    void eachFurtherAccuserShortensTheWaitDownToTheShortest() {
        Suspicion suspicion = suspicion(3);
        long before = suspicion.deadlineNanos();
        for (int accuser = 2; accuser <= 4; accuser++) {
            assertThat(suspicion.confirm(Members.id(accuser))).isTrue();
            assertThat(suspicion.deadlineNanos()).isLessThan(before);
            before = suspicion.deadlineNanos();
        }

        assertThat(before).isEqualTo(1_000 + SHORTEST);
        assertThat(suspicion.confirm(Members.id(5))).as("enough is enough").isFalse();
    }

    @Test
    void theSameAccuserCountsOnce() {
        Suspicion suspicion = suspicion(3);

        assertThat(suspicion.confirm(Members.id(1))).isFalse();
        assertThat(suspicion.deadlineNanos()).isEqualTo(1_000 + LONGEST);
    }

    @Test
    void whereNobodyCouldConfirmTheWaitIsShort() {
        assertThat(suspicion(0).deadlineNanos()).isEqualTo(1_000 + SHORTEST);
    }

    @Test
    void aPauseOfOursIsAddedToTheWait() {
        Suspicion suspicion = suspicion(3);

        suspicion.postpone(500);

        assertThat(suspicion.deadlineNanos()).isEqualTo(1_500 + LONGEST);
    }

    private static Suspicion suspicion(int wanted) {
        return new Suspicion(Members.id(1), 1_000, SHORTEST, LONGEST, wanted);
    }
}
