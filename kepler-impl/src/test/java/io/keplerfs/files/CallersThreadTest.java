package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.IndeterminateException;
import io.keplerfs.NotFoundException;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.VersionId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CallersThreadTest {
    private static final VersionId VERSION = new VersionId(new UUID(0, 7));

    private final CallersThread thread = new CallersThread();
    private final PutAttempt put = new PutAttempt("photos/a");

    @AfterEach
    void forgetTheInterrupt() {
        Thread.interrupted();
    }

    @Test
    void theStreamIsReadByTheThreadThatWaits() throws Exception {
        Thread[] reader = {null};
        InputStream in = new ByteArrayInputStream(new byte[5]) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                reader[0] = Thread.currentThread();
                return super.read(target, offset, length);
            }
        };
        CompletableFuture<byte[]> first = new Source(in, thread, put).first(10);
        assertThat(first).isNotDone();

        assertThat(thread.waitFor(first, put)).hasSize(5);
        assertThat(reader[0]).isSameAs(Thread.currentThread());
        assertThatThrownBy(() -> thread.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void whatTheStreamThrowsReachesTheCallerAsItIs() {
        IOException broken = new IOException("cable");
        InputStream in = new InputStream() {
            @Override
            public int read() throws IOException {
                throw broken;
            }
        };
        CompletableFuture<byte[]> first = new Source(in, thread, put).first(10);

        assertThatThrownBy(() -> thread.waitFor(first, put)).isSameAs(broken);
    }

    @Test
    void anOutcomeKeepsItsType() {
        assertThatThrownBy(() ->
                        thread.waitFor(CompletableFuture.failedFuture(new NotFoundException("no such bucket")), put))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void whoStopsWaitingBeforeAnythingWasSentKnowsThatNothingWillAppear() {
        CompletableFuture<byte[]> leftOver = new Source(InputStream.nullInputStream(), thread, put).first(10);
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> thread.waitFor(new CompletableFuture<>(), put))
                .isInstanceOf(UnavailableException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(put.sending(VERSION)).isFalse();
        assertThat(put.givenUp()).isCompletedExceptionally();
        assertThat(leftOver).isCompletedExceptionally();
    }

    @Test
    void whoStopsWaitingAfterItWasSentLearnsTheVersion() {
        assertThat(put.sending(VERSION)).isTrue();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> thread.waitFor(new CompletableFuture<>(), put))
                .isInstanceOfSatisfying(
                        IndeterminateException.class,
                        maybe -> assertThat(maybe.version()).isEqualTo(VERSION));
        assertThat(put.givenUp()).isNotDone();
    }
}
