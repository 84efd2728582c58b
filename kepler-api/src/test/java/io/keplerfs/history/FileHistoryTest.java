package io.keplerfs.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FileHistoryTest {
    private final AtomicLong now = new AtomicLong();
    private final FileHistory<String> history = new FileHistory<>(Optional.empty(), now::incrementAndGet);

    @Test
    void callsOneAfterAnotherThatFitAreFine() {
        history.create("a").done();
        history.create("b").refusedBy(Optional.of("a"));
        history.replace("a", "c").done();
        history.read().saw(Optional.of("c"));
        history.deleteIf("a").refused();
        history.delete().done();
        history.read().saw(Optional.empty());

        assertThat(history.violation()).isEmpty();
    }

    @Test
    void anAckedWriteThatIsNotReadIsFoundWithTheWholeHistory() {
        history.put("a").done();
        history.read().saw(Optional.empty());

        assertThat(history.violation())
                .hasValueSatisfying(
                        text -> assertThat(text).contains("put a: DONE").contains("read: DONE at no file"));
    }

    @Test
    void twoSuccessorsOfOneBaseAreFound() {
        history.put("a").done();
        FileHistory<String>.Call first = history.replace("a", "b");
        FileHistory<String>.Call second = history.replace("a", "c");
        first.done();
        second.done();

        assertThat(history.violation()).isPresent();
    }

    @Test
    void aRefusalAlthoughTheConditionHeldIsFound() {
        history.put("a").done();
        history.replace("a", "b").refused();

        assertThat(history.violation()).isPresent();
    }

    @Test
    void aDeletedFileThatComesBackIsFound() {
        history.put("a").done();
        history.delete().done();
        history.read().saw(Optional.of("a"));

        assertThat(history.violation()).isPresent();
    }

    @Test
    void anUnknownWriteMaySurfaceLateOrNever() {
        history.put("a").unknown();
        history.put("b");
        history.read().saw(Optional.empty());
        history.read().saw(Optional.of("b"));

        assertThat(history.violation()).isEmpty();
    }

    @Test
    void aWriteThatPromisedThatNothingHappenedMustNotSurface() {
        history.put("a").nothingHappened();
        history.read().saw(Optional.of("a"));

        assertThat(history.violation()).isPresent();
    }
}
