package io.keplerfs.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LinearizabilityTest {
    private static Operation<Integer> write(long called, long returned, int value) {
        return Operation.certain("write " + value, called, returned, state -> value);
    }

    private static Operation<Integer> maybeWrite(long called, int value) {
        return Operation.maybe("perhaps write " + value, called, state -> value);
    }

    private static Operation<Integer> read(long called, long returned, int value) {
        return Operation.certain("read " + value, called, returned, state -> state == value ? state : null);
    }

    private static Operation<Integer> swap(long called, long returned, int base, int value) {
        return Operation.certain(
                "swap " + base + " " + value, called, returned, state -> state == base ? (Integer) value : null);
    }

    @Test
    void aReadSeesTheWriteThatEndedBeforeIt() {
        assertThat(Linearizability.holds(0, List.of(write(1, 2, 7), read(3, 4, 7))))
                .isTrue();
        assertThat(Linearizability.holds(0, List.of(write(1, 2, 7), read(3, 4, 0))))
                .isFalse();
    }

    @Test
    void aReadDuringAWriteMaySeeEither() {
        assertThat(Linearizability.holds(0, List.of(write(1, 9, 7), read(3, 4, 7))))
                .isTrue();
        assertThat(Linearizability.holds(0, List.of(write(1, 9, 7), read(3, 4, 0))))
                .isTrue();
        assertThat(Linearizability.holds(0, List.of(write(1, 9, 7), read(3, 4, 7), read(5, 6, 0))))
                .isFalse();
    }

    @Test
    void twoCallsAtTheSameInstantOverlap() {
        assertThat(Linearizability.holds(0, List.of(write(1, 2, 7), read(2, 3, 0))))
                .isTrue();
    }

    @Test
    void ofTwoSwapsOnOneBaseOneAtMostHappens() {
        assertThat(Linearizability.holds(0, List.of(swap(1, 9, 0, 1), swap(1, 9, 0, 2))))
                .isFalse();
        assertThat(Linearizability.holds(0, List.of(swap(1, 9, 0, 1), swap(1, 9, 1, 2))))
                .isTrue();
    }

    @Test
    void anUncertainWriteMayHappenLateOrNeverButOnlyOnce() {
        Operation<Integer> maybe = maybeWrite(1, 7);

        assertThat(Linearizability.holds(0, List.of(maybe, read(2, 3, 0), read(4, 5, 7))))
                .isTrue();
        assertThat(Linearizability.holds(0, List.of(maybe, read(2, 3, 0)))).isTrue();
        assertThat(Linearizability.holds(0, List.of(maybe, read(2, 3, 7), read(4, 5, 0))))
                .isFalse();
        assertThat(Linearizability.holds(0, List.of(maybe, read(2, 3, 7), write(4, 5, 1), read(6, 7, 7))))
                .isFalse();
    }

    @Test
    void anUncertainWriteDoesNotHappenBeforeItsCall() {
        assertThat(Linearizability.holds(0, List.of(read(1, 2, 7), maybeWrite(3, 7))))
                .isFalse();
    }

    @Test
    void anOperationDoesNotEndBeforeItsCall() {
        assertThatThrownBy(() -> write(2, 1, 7)).hasMessageContaining("write 7").hasMessageContaining("2");
        assertThatThrownBy(() -> new Operation<Integer>("w", 1, 5, false, state -> 1))
                .hasMessageContaining("nobody knows");
    }

    @Test
    void thousandsOfOperationsOneAfterAnotherAreNoTrouble() {
        List<Operation<Integer>> operations = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            operations.add(write(4L * i, 4L * i + 6, i));
        }
        operations.add(read(10_000, 10_001, 1_999));

        assertThat(Linearizability.holds(-1, operations)).isTrue();
    }

    @Test
    void everySmallHistoryIsJudgedAsByTryingAllOrders() {
        SplittableRandom random = new SplittableRandom(1);
        int held = 0;
        for (int i = 0; i < 20_000; i++) {
            List<Operation<Integer>> operations = history(random);

            boolean expected = tryAllOrders(0, operations, new ArrayList<>());

            assertThat(Linearizability.holds(0, operations))
                    .as("%s", operations)
                    .isEqualTo(expected);
            held += expected ? 1 : 0;
        }
        assertThat(held).isBetween(2_000, 18_000);
    }

    private static List<Operation<Integer>> history(SplittableRandom random) {
        List<Operation<Integer>> operations = new ArrayList<>();
        for (int i = random.nextInt(1, 7); i > 0; i--) {
            long called = random.nextInt(12);
            long returned = called + random.nextInt(8);
            int value = random.nextInt(3);
            int base = random.nextInt(3);
            operations.add(
                    switch (random.nextInt(5)) {
                        case 0 -> write(called, returned, value);
                        case 1 -> swap(called, returned, base, value);
                        case 2 -> maybeWrite(called, value);
                        case 3 ->
                            Operation.maybe("perhaps swap", called, state -> state == base ? (Integer) value : null);
                        default -> read(called, returned, value);
                    });
        }
        return operations;
    }

    /** By the definition: some order of all certain and some uncertain operations keeps to real time and explains all. */
    private static boolean tryAllOrders(int state, List<Operation<Integer>> left, List<Operation<Integer>> before) {
        if (left.stream().noneMatch(Operation::certain)) {
            return true;
        }
        for (Operation<Integer> next : left) {
            boolean tooEarly = before.stream().anyMatch(earlier -> next.returned() < earlier.called());
            Integer after = next.effect().on(state);
            if (!tooEarly && after != null) {
                List<Operation<Integer>> rest = new ArrayList<>(left);
                rest.remove(next);
                List<Operation<Integer>> done = new ArrayList<>(before);
                done.add(next);
                if (tryAllOrders(after, rest, done)) {
                    return true;
                }
            }
        }
        return false;
    }
}
