package io.keplerfs.client;

import static io.keplerfs.client.GatewaysOnLoopback.head;
import static io.keplerfs.client.GatewaysOnLoopback.problem;
import static io.keplerfs.client.GatewaysOnLoopback.request;
import static io.keplerfs.client.GatewaysOnLoopback.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.DeleteOptions;
import io.keplerfs.IndeterminateException;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.VersionId;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which calls move on to another gateway, and what is true if none is left. */
class FailOverTest {
    /** The request arrives in full, the connection is cut instead of an answer. */
    private static final MockResponse ANSWER_LOST = new MockResponse.Builder()
            .onResponseStart(new SocketEffect.CloseSocket())
            .build();

    private final GatewaysOnLoopback gateways = new GatewaysOnLoopback(2);

    @AfterEach
    void close() {
        gateways.close();
    }

    @Test
    void aGatewayThatRefusesTheConnectionIsPassedOver() throws Exception {
        gateways.a().close();
        gateways.b().enqueue(stored().build());
        gateways.b().enqueue(head(5).build());

        gateways.reports().put("q3", new byte[5]);
        gateways.reports().head("q3");

        assertThat(gateways.b().getRequestCount()).isEqualTo(2);
    }

    @Test
    void aGatewayThatIsNotReadyIsPassedOverUntilItHasRested() throws Exception {
        gateways.a().enqueue(problem(503, "unavailable", "joining").build());
        gateways.b().enqueue(stored().build());
        gateways.reports().put("q3", new byte[5]);

        gateways.b().enqueue(problem(503, "unavailable", "no quorum").build());
        gateways.a().enqueue(stored().build());
        gateways.nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        gateways.reports().put("q3", new byte[5]);

        assertThat(gateways.a().getRequestCount()).isEqualTo(2);
        assertThat(gateways.b().getRequestCount()).isEqualTo(2);
    }

    @Test
    void theGatewayThatAnsweredLastIsAskedFirst() throws Exception {
        gateways.a().enqueue(problem(503, "unavailable", "joining").build());
        gateways.b().enqueue(head(5).build());
        gateways.b().enqueue(head(5).build());

        gateways.reports().head("q3");
        gateways.nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        gateways.reports().head("q3");

        assertThat(gateways.a().getRequestCount()).isEqualTo(1);
    }

    @Test
    void aDefiniteAnswerIsNotAskedForTwice() {
        gateways.a().enqueue(problem(404, "not-found", "no such file").body("").build());

        assertThatThrownBy(() -> gateways.reports().head("q3")).isInstanceOf(NotFoundException.class);
        assertThat(gateways.b().getRequestCount()).isZero();
    }

    @Test
    void allUnavailableIsUnavailableAndEachWasAskedOnce() {
        gateways.a().enqueue(problem(503, "unavailable", "first").build());
        gateways.b().enqueue(problem(503, "unavailable", "second").build());

        assertThatThrownBy(() -> gateways.reports().put("q3", new byte[5]))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("second");
        assertThat(gateways.a().getRequestCount()).isEqualTo(1);
        assertThat(gateways.b().getRequestCount()).isEqualTo(1);
    }

    @Test
    void nobodyThereIsUnavailableAndNamesTheGateway() {
        gateways.servers.forEach(MockWebServer::close);

        assertThatThrownBy(() -> gateways.reports().put("q3", new byte[5]))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining(
                        "could not connect to http://127.0.0.1:" + gateways.b().getPort());
    }

    @Test
    void aReadWhoseAnswerIsLostIsAskedForElsewhere() throws Exception {
        gateways.a().enqueue(ANSWER_LOST);
        gateways.b().enqueue(head(5).build());

        assertThat(gateways.reports().head("q3").sizeBytes()).isEqualTo(5);
    }

    @Test
    void anOldConnectionThatBreaksIsReplacedAtTheOnlyGateway() throws Exception {
        try (GatewaysOnLoopback one = new GatewaysOnLoopback(1)) {
            one.a().enqueue(ANSWER_LOST);
            one.a().enqueue(head(5).build());

            assertThat(one.reports().head("q3").sizeBytes()).isEqualTo(5);
        }
    }

    @Test
    void aPutFromMemoryWhoseAnswerIsLostIsRepeatedUnderTheSameVersion() throws Exception {
        gateways.a().enqueue(ANSWER_LOST);
        gateways.b().enqueue(stored().build());

        gateways.reports().put("q3", "hello".getBytes(), PutOptions.ifAbsent());

        RecordedRequest first = request(gateways.a());
        RecordedRequest second = request(gateways.b());
        assertThat(second.getHeaders().get("X-Kepler-Version-Id"))
                .isEqualTo(first.getHeaders().get("X-Kepler-Version-Id"))
                .isNotNull();
        assertThat(first.getHeaders().get("X-Kepler-First-Attempt")).isEqualTo("true");
        assertThat(second.getHeaders().get("X-Kepler-First-Attempt")).isNull();
        assertThat(second.getHeaders().get("If-None-Match")).isEqualTo("*");
        assertThat(second.getBody().utf8()).isEqualTo("hello");
    }

    @Test
    void aPutThatWasRefusedIsStillNewAtTheNextGateway() throws Exception {
        gateways.a().enqueue(problem(503, "unavailable", "joining").build());
        gateways.b().enqueue(stored().build());

        gateways.reports().put("q3", "hello".getBytes());

        assertThat(request(gateways.b()).getHeaders().get("X-Kepler-First-Attempt"))
                .isEqualTo("true");
    }

    @Test
    void anIdBearsTheTimeOfTheGatewayThatIsFarthestBehind() throws Exception {
        Instant now = Instant.parse("2026-01-02T03:04:05Z");
        gateways.a().enqueue(dated(problem(503, "unavailable", "joining"), now.plusSeconds(3_600)));
        gateways.b().enqueue(dated(stored(), now));
        gateways.reports().put("q3", new byte[1]);
        gateways.nanos.addAndGet(Duration.ofMinutes(2).toNanos());
        gateways.b().enqueue(stored().build());
        request(gateways.b());

        gateways.reports().put("q3", new byte[1]);

        VersionId version = VersionId.parse(request(gateways.b()).getHeaders().get("X-Kepler-Version-Id"));
        assertThat(version.notBeforeMillis()).hasValue(now.plusSeconds(110).toEpochMilli());
    }

    private static MockResponse dated(MockResponse.Builder answer, Instant date) {
        return answer.addHeader("Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(date.atOffset(ZoneOffset.UTC)))
                .build();
    }

    @Test
    void aRepetitionByTheCallerIsNeverCalledNew() throws Exception {
        gateways.a().enqueue(stored().build());
        VersionId version = VersionId.parse(GatewaysOnLoopback.ETAG);

        gateways.reports()
                .put("q3", new byte[5], PutOptions.builder().version(version).build());

        assertThat(request(gateways.a()).getHeaders().get("X-Kepler-First-Attempt"))
                .isNull();
    }

    @Test
    void aLostAnswerIsNotForgottenWhenTheOthersAreUnavailable() throws Exception {
        gateways.a().enqueue(ANSWER_LOST);
        gateways.b().enqueue(problem(503, "unavailable", "no quorum").build());
        gateways.a().enqueue(problem(503, "unavailable", "no quorum").build());

        VersionId version = VersionId.parse(GatewaysOnLoopback.ETAG);
        assertThatThrownBy(() -> gateways.reports()
                        .put(
                                "q3",
                                new byte[5],
                                PutOptions.builder().version(version).build()))
                .hasMessageContaining("may still appear")
                .asInstanceOf(InstanceOfAssertFactories.type(IndeterminateException.class))
                .returns(version, IndeterminateException::version);
    }

    @Test
    void anUnconditionalDeleteIsRepeated() throws Exception {
        gateways.a().enqueue(ANSWER_LOST);
        gateways.b()
                .enqueue(new MockResponse.Builder()
                        .code(204)
                        .addHeader("X-Kepler-Deleted", true)
                        .build());

        assertThat(gateways.reports().delete("q3")).isTrue();
    }

    @Test
    void aConditionalDeleteWhoseAnswerIsLostIsIndeterminate() {
        gateways.a().enqueue(ANSWER_LOST);

        assertThatThrownBy(() ->
                        gateways.reports().delete("q3", DeleteOptions.defaults().withIfMatch("abc")))
                .isInstanceOf(IndeterminateException.class);
        assertThat(gateways.b().getRequestCount()).isZero();
    }

    @Test
    void aConditionalDeleteMovesOnIfNothingWasChanged() throws Exception {
        gateways.a().enqueue(problem(503, "unavailable", "joining").build());
        gateways.b()
                .enqueue(new MockResponse.Builder()
                        .code(204)
                        .addHeader("X-Kepler-Deleted", true)
                        .build());

        assertThat(gateways.reports().delete("q3", DeleteOptions.defaults().withIfMatch("abc")))
                .isTrue();
    }

    @Test
    void anInterruptedCallerEndsTheCallAndNoGatewayIsBlamed() throws Exception {
        gateways.a().enqueue(head(5).build());
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> gateways.reports().put("q3", InputStream.nullInputStream()))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();

        gateways.reports().head("q3");
        assertThat(gateways.b().getRequestCount()).isZero();
    }

    @Test
    void aStreamThatWasReadIsNotSentAgainButTheNextCallGoesElsewhere() throws Exception {
        gateways.a()
                .enqueue(problem(503, "unavailable", "no quorum")
                        .add100Continue()
                        .build());
        gateways.b().enqueue(head(5).build());

        assertThatThrownBy(() -> gateways.reports().put("q3", new ByteArrayInputStream(new byte[5])))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("no quorum");
        assertThat(gateways.b().getRequestCount()).isZero();

        gateways.reports().head("q3");
        assertThat(gateways.b().getRequestCount()).isEqualTo(1);
        assertThat(gateways.a().getRequestCount()).isEqualTo(1);
    }
}
