package io.keplerfs.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.TransportException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class OpenCallsTest {
    private static final int ROOM = 64 << 10;
    private static final long TIMEOUT = 100;
    private static final long LONG_AGO = -1_000_000;

    private final OpenCalls control = new OpenCalls(Lane.CONTROL, "node x");
    private final OpenCalls bulk = new OpenCalls(Lane.BULK, "node x");

    @Test
    void smallCallsAreWrittenTogetherAndALargeOneAlone() throws Exception {
        OpenCall one = control.offer(message(10), 0, TIMEOUT);
        OpenCall two = control.offer(message(10), 0, TIMEOUT);
        OpenCall large = control.offer(message(ROOM), 0, TIMEOUT);
        OpenCall four = control.offer(message(10), 0, TIMEOUT);

        assertThat(control.begin(ROOM, () -> false)).containsExactly(one, two);
        assertThat(control.begin(ROOM, () -> false)).containsExactly(large);
        assertThat(control.begin(ROOM, () -> false)).containsExactly(four);
        assertThat(control.begin(ROOM, () -> true)).isEmpty();
    }

    @Test
    void aQueuedCallTimesOutAsNotDeliveredAndIsNeverWritten() throws Exception {
        OpenCall call = control.offer(message(10), 0, TIMEOUT);

        assertThat(expire(control, TIMEOUT - 1, LONG_AGO)).isEmpty();
        assertThat(expire(control, TIMEOUT, LONG_AGO)).containsExactly(call);

        assertThat(failure(call.future).maybeDelivered()).isFalse();
        assertThat(control.isEmpty()).isTrue();
    }

    @Test
    void aWrittenCallTimesOutAsMaybeDeliveredAndItsLateAnswerIsDropped() throws Exception {
        OpenCall call = control.offer(message(10), 0, TIMEOUT);
        control.written(control.begin(ROOM, () -> false), 1);

        assertThat(expire(control, TIMEOUT, LONG_AGO)).containsExactly(call);

        assertThat(failure(call.future).maybeDelivered()).isTrue();
        assertThat(control.answering(call.id)).isFalse();
        control.answered(call.id, message(1));
    }

    @Test
    void aCallIsNotDoneWhileItsBuffersAreRead() throws Exception {
        OpenCall call = control.offer(message(10), 0, TIMEOUT);
        control.begin(ROOM, () -> false);

        OpenCalls.Expired expired = control.expire(TIMEOUT, LONG_AGO);
        assertThat(expired.calls()).isEmpty();
        assertThat(expired.whileWriting()).isTrue();
        assertThat(call.future).isNotDone();

        control.takeBegun("too slow").forEach(OpenCall::settle);
        assertThat(failure(call.future).maybeDelivered()).isTrue();
    }

    @Test
    void anAnswerThatIsFasterThanTheWriterWaitsForIt() throws Exception {
        OpenCall call = control.offer(message(10), 0, TIMEOUT);
        List<OpenCall> batch = control.begin(ROOM, () -> false);

        control.answered(call.id, message(3));
        assertThat(call.future).isNotDone();
        control.written(batch, 1);

        assertThat(call.future.join().head().remaining()).isEqualTo(3);
        assertThat(control.isEmpty()).isTrue();
    }

    @Test
    void aBulkCallLivesAsLongAsBytesMove() throws Exception {
        OpenCall call = bulk.offer(message(10), 0, TIMEOUT);
        bulk.written(bulk.begin(ROOM, () -> false), 0);

        assertThat(expire(bulk, 10 * TIMEOUT, 9 * TIMEOUT + 1)).isEmpty();
        assertThat(expire(bulk, 11 * TIMEOUT, 9 * TIMEOUT + 1)).containsExactly(call);
    }

    @Test
    void aBulkCallThePeerForgotEndsAlthoughBytesOfOthersMove() throws Exception {
        OpenCall call = bulk.offer(message(10), 0, TIMEOUT);
        bulk.written(bulk.begin(ROOM, () -> false), 0);
        long patience = OpenCalls.MAX_SILENCES * TIMEOUT;

        assertThat(expire(bulk, patience - 1, patience - 1)).isEmpty();
        assertThat(expire(bulk, patience, patience)).containsExactly(call);
    }

    @Test
    void aBulkAnswerThatHasBegunMayTakeAsLongAsItMoves() throws Exception {
        OpenCall call = bulk.offer(message(10), 0, TIMEOUT);
        bulk.written(bulk.begin(ROOM, () -> false), 0);
        long later = 2 * OpenCalls.MAX_SILENCES * TIMEOUT;

        assertThat(bulk.answering(call.id)).isTrue();

        assertThat(expire(bulk, later, later)).isEmpty();
        assertThat(expire(bulk, later + TIMEOUT, later)).containsExactly(call);
    }

    @Test
    void bytesThatMovedBeforeABulkCallDoNotShortenItsTime() {
        bulk.offer(message(10), 1000, TIMEOUT);

        assertThat(expire(bulk, 1000 + TIMEOUT - 1, 0)).isEmpty();
    }

    @Test
    void openCallsAreBounded() throws Exception {
        for (int i = 0; i < OpenCalls.MAX_OPEN_BULK; i++) {
            assertThat(bulk.offer(message(1), 0, TIMEOUT)).isNotNull();
        }
        bulk.begin(100, () -> false);

        assertThat(bulk.offer(message(1), 0, TIMEOUT)).isNull();
        assertThat(bulk.full().maybeDelivered()).isFalse();
    }

    @Test
    void aBrokenConnectionFailsWhatWasBegunAndKeepsWhatWasNot() throws Exception {
        OpenCall begun = control.offer(message(ROOM), 0, TIMEOUT);
        OpenCall queued = control.offer(message(10), 0, TIMEOUT);
        control.begin(ROOM, () -> false);

        control.takeBegun("reset").forEach(OpenCall::settle);

        assertThat(failure(begun.future).maybeDelivered()).isTrue();
        assertThat(queued.future).isNotDone();
        assertThat(control.begin(ROOM, () -> false)).containsExactly(queued);
    }

    @Test
    void aCallItsCallerGaveUpIsForgottenUnlessItIsBeingWritten() throws Exception {
        OpenCall queued = control.offer(message(10), 0, TIMEOUT);
        assertThat(control.abandon(queued)).isFalse();
        assertThat(control.isEmpty()).isTrue();

        OpenCall writing = control.offer(message(10), 0, TIMEOUT);
        control.begin(ROOM, () -> false);
        assertThat(control.abandon(writing)).isTrue();
    }

    private static List<OpenCall> expire(OpenCalls calls, long now, long lastMoved) {
        List<OpenCall> expired = calls.expire(now, lastMoved).calls();
        expired.forEach(OpenCall::settle);
        return expired;
    }

    private static TransportException failure(CompletableFuture<Message> future) {
        assertThat(future).isCompletedExceptionally();
        Throwable thrown = catchThrowable(future::join);
        return (TransportException) ((CompletionException) thrown).getCause();
    }

    private static Message message(int bytes) {
        return Message.of(ByteBuffer.allocate(bytes));
    }
}
