package io.keplerfs.client;

import static io.keplerfs.client.GatewaysOnLoopback.file;
import static io.keplerfs.client.GatewaysOnLoopback.head;
import static io.keplerfs.client.GatewaysOnLoopback.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.IndeterminateException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The end of a client, and how much it does at the same time before. */
class CloseTest {
    private static final MockResponse SILENCE = new MockResponse.Builder()
            .onResponseStart(SocketEffect.Stall.INSTANCE)
            .build();

    private final GatewaysOnLoopback gateways = new GatewaysOnLoopback(1);

    @AfterEach
    void close() {
        gateways.close();
    }

    @Test
    void callsThatRunEndWithTheirOutcomeAndNoThreadIsLeft() throws Exception {
        gateways.a().enqueue(SILENCE);
        gateways.a().enqueue(SILENCE);
        CompletableFuture<FileInfo> read = gateways.reports().headAsync("q3", GetOptions.defaults());
        request(gateways.a());
        CompletableFuture<FileInfo> write = gateways.reports().putAsync("q3", new byte[5], PutOptions.defaults());
        request(gateways.a());
        gateways.cluster.onEvent(event -> {});

        gateways.cluster.close();
        gateways.cluster.close();

        assertThat(read)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(UnavailableException.class);
        assertThat(write)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(IndeterminateException.class);
        await().until(() -> gateways.threads.stream().noneMatch(Thread::isAlive));
        assertThat(gateways.connections.open()).isZero();
    }

    @Test
    void aStreamThatIsBeingReadEndsWithUnavailable() throws Exception {
        gateways.a()
                .enqueue(file("x".repeat(100_000))
                        .throttleBody(1_000, 1, TimeUnit.HOURS)
                        .build());
        InputStream in = gateways.reports().open("q3");
        assertThat(in.read()).isEqualTo('x');

        CompletableFuture<byte[]> rest = CompletableFuture.supplyAsync(() -> {
            try {
                return in.readAllBytes();
            } catch (IOException failure) {
                throw new CompletionException(failure);
            }
        });

        gateways.cluster.close();

        assertThat(rest)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(UnavailableException.class);
        assertThat(gateways.connections.open()).isZero();
    }

    @Test
    void aClosedClientRefusesCallsWithoutARequest() {
        gateways.cluster.close();

        assertThatThrownBy(() -> gateways.reports().head("q3"))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> gateways.reports().put("q3", InputStream.nullInputStream()))
                .isInstanceOf(UnavailableException.class);
        assertThat(gateways.a().getRequestCount()).isZero();
    }

    @Test
    void callsThatStillWaitForAThreadAreRefusedNotForgotten() throws Exception {
        gateways.a().setDispatcher(answering(SILENCE));
        List<CompletableFuture<FileInfo>> calls = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
            calls.add(gateways.reports().headAsync("q3", GetOptions.defaults()));
        }
        await().until(() -> gateways.a().getRequestCount() == 64);

        gateways.cluster.close();

        for (CompletableFuture<FileInfo> call : calls) {
            assertThat(call)
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableThat()
                    .withCauseInstanceOf(UnavailableException.class);
        }
    }

    @Test
    void sixtyFourCallsRunAtTheSameTime() {
        CountDownLatch all = new CountDownLatch(64);
        AtomicInteger alone = new AtomicInteger();
        gateways.a().setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
                all.countDown();
                if (!all.await(20, TimeUnit.SECONDS)) {
                    alone.incrementAndGet();
                }
                return head(5).build();
            }
        });
        List<CompletableFuture<FileInfo>> calls = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            calls.add(gateways.reports().headAsync("q3", GetOptions.defaults()));
        }
        calls.forEach(CompletableFuture::join);

        assertThat(alone).hasValue(0);
    }

    private static Dispatcher answering(MockResponse response) {
        return new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                return response;
            }
        };
    }
}
