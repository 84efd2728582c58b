package io.keplerfs.client;

import static io.keplerfs.client.GatewaysOnLoopback.ETAG;
import static io.keplerfs.client.GatewaysOnLoopback.problem;
import static io.keplerfs.client.GatewaysOnLoopback.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.CorruptFileException;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerException;
import io.keplerfs.ListOptions;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import mockwebserver3.MockResponse;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which exception a status becomes. */
class OutcomesTest {
    private final GatewaysOnLoopback gateways = new GatewaysOnLoopback(1);

    @AfterEach
    void close() {
        gateways.close();
    }

    @ParameterizedTest
    @CsvSource({
        "404, not-found, NotFoundException",
        "404, no-such-route, UnavailableException",
        "412, precondition-failed, PreconditionFailedException",
        "400, invalid-request, InvalidRequestException",
        "413, too-large, InvalidRequestException",
        "414, too-large, InvalidRequestException",
        "416, range-not-satisfiable, InvalidRequestException",
        "431, too-large, InvalidRequestException",
        "500, corrupt, CorruptFileException",
        "500, internal, UnavailableException",
        "503, unavailable, UnavailableException",
        "507, no-space, UnavailableException",
        "401, unauthorized, UnavailableException",
        "408, timeout, UnavailableException"
    })
    void aReadEndsWithTheOutcomeAndTheGatewaysWords(int status, String type, String exception) {
        gateways.a().enqueue(problem(status, type, "no manifest of reports/q3").build());

        assertThatThrownBy(() -> gateways.reports().list(ListOptions.prefix("")))
                .isInstanceOf(KeplerException.class)
                .hasMessageContaining("no manifest of reports/q3")
                .hasMessageContaining("status " + status)
                .extracting(failure -> failure.getClass().getSimpleName())
                .isEqualTo(exception);
    }

    @Test
    void aHeadHasNoWordsButAnOutcome() {
        gateways.a().enqueue(problem(404, "not-found", "").body("").build());

        assertThatThrownBy(() -> gateways.reports().head("q3"))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("read reports/q3");
    }

    @Test
    void aProxysOwnNotFoundSaysNothingAboutTheFile() {
        gateways.a().enqueue(new MockResponse.Builder().code(404).build());
        gateways.a()
                .enqueue(
                        new MockResponse.Builder().code(412).body("<h1>no</h1>").build());

        assertThatThrownBy(() -> gateways.reports().head("q3")).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> gateways.reports().open("q3")).isInstanceOf(UnavailableException.class);
    }

    @Test
    void fullDisksAreToldFromSilentNodes() {
        gateways.a().enqueue(problem(507, "no-space", "the disk of a is full").build());

        assertThatThrownBy(() -> gateways.reports().put("q3", new byte[5]))
                .asInstanceOf(InstanceOfAssertFactories.type(UnavailableException.class))
                .returns(true, UnavailableException::isNoSpace);
    }

    @Test
    void unavailableSaysWhenToTryAgain() {
        gateways.a()
                .enqueue(problem(503, "unavailable", "1 of 3 owners answers")
                        .addHeader("Retry-After", 7)
                        .build());

        assertThatThrownBy(() -> gateways.reports().put("q3", new byte[5]))
                .asInstanceOf(InstanceOfAssertFactories.type(UnavailableException.class))
                .returns(Duration.ofSeconds(7), UnavailableException::retryAfter);
    }

    @Test
    void indeterminateNamesTheVersionTheGatewayNames() {
        gateways.a()
                .enqueue(problem(504, "indeterminate", "1 of 2 acks")
                        .addHeader("X-Kepler-Version-Id", ETAG)
                        .build());

        assertThatThrownBy(() -> gateways.reports().put("q3", new byte[5]))
                .hasMessageContaining("1 of 2 acks")
                .asInstanceOf(InstanceOfAssertFactories.type(IndeterminateException.class))
                .returns(VersionId.parse(ETAG), IndeterminateException::version);
    }

    @Test
    void aWriteThatEndsInAnUnexplainedServerErrorIsNeverReportedAsUndone() throws Exception {
        gateways.a()
                .enqueue(
                        new MockResponse.Builder().code(502).body("bad gateway").build());
        PutOptions options = PutOptions.builder().version(VersionId.parse(ETAG)).build();

        assertThatThrownBy(() -> gateways.reports().put("q3", new byte[5], options))
                .asInstanceOf(InstanceOfAssertFactories.type(IndeterminateException.class))
                .returns(VersionId.parse(ETAG), IndeterminateException::version);
        assertThat(request(gateways.a()).getHeaders().get("X-Kepler-Version-Id"))
                .isEqualTo(ETAG);
    }

    @Test
    void asyncTwinsFailWithTheSameTypes() {
        gateways.a().enqueue(problem(412, "precondition-failed", "it exists").build());
        gateways.a()
                .enqueue(problem(500, "corrupt", "every copy of chunk 1 is broken")
                        .build());

        assertThat(gateways.reports().putAsync("q3", new byte[5], PutOptions.ifAbsent()))
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(PreconditionFailedException.class);
        assertThat(gateways.reports().listAsync(ListOptions.prefix("")))
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(CorruptFileException.class);
    }

    @Test
    void whatCanNeverBeRightIsRefusedWithoutARequest() {
        assertThatThrownBy(() -> gateways.reports().head("")).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> gateways.cluster.bucket("../x").head("q3"))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> gateways.cluster.createBucket("No")).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> gateways.reports().put("q3", new byte[1], PutOptions.ifMatch("a\"b")))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> gateways.reports()
                        .put(
                                "q3",
                                new byte[1],
                                PutOptions.builder().contentType("a\r\nb: c").build()))
                .isInstanceOf(InvalidRequestException.class);
        assertThat(gateways.a().getRequestCount()).isZero();
    }

    @Test
    void anAnswerThatIsNoJsonOfOursIsNotTakenForAResult() {
        gateways.a().enqueue(new MockResponse.Builder().body("{\"files\":3}").build());
        gateways.a().enqueue(new MockResponse.Builder().body("<html>").build());

        assertThatThrownBy(() -> gateways.reports().list(ListOptions.prefix("")))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("not what docs/http.md says");
    }
}
