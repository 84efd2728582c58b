package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.Consistency;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.http.GatewayFixture.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileReadTest {
    private static final String PATH = "/v1/files/box/k";
    private static final String MODIFIED = "Wed, 04 Mar 2026 05:06:07 GMT";
    private static final String BEFORE = "Wed, 04 Mar 2026 05:06:06 GMT";
    private static final String AFTER = "Wed, 04 Mar 2026 05:06:08 GMT";

    private final GatewayFixture http;
    private FileInfo file;

    @SuppressWarnings("NullAway.Init")
    FileReadTest() throws IOException {
        http = new GatewayFixture();
    }

    @BeforeEach
    void storeTenBytes() throws IOException {
        file = http.bucket.put(
                "k",
                "0123456789".getBytes(),
                PutOptions.builder()
                        .contentType("text/html")
                        .metadata("Author", "ada")
                        .metadata("nämé: x", " 50% \n")
                        .build());
    }

    @AfterEach
    void close() {
        http.close();
    }

    @Test
    void aGetCarriesTheBytesAndAllThatIsKnownOfTheFile() throws IOException {
        Answer answer = http.get(PATH);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("0123456789");
        assertDescribesTheFile(answer);
    }

    @Test
    void aHeadCarriesTheSameWithoutTheBytes() throws IOException {
        Answer answer = http.send(http.to(PATH).header("Range", "bytes=0-1").head());

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertDescribesTheFile(answer);
        assertThat(http.get(PATH).text()).as("the connection is still in step").isEqualTo("0123456789");
    }

    private void assertDescribesTheFile(Answer answer) {
        assertThat(answer.header("Content-Length")).isEqualTo("10");
        assertThat(answer.header("ETag")).isEqualTo('"' + file.etag() + '"');
        assertThat(answer.header("Last-Modified")).isEqualTo(MODIFIED);
        assertThat(answer.header("X-Kepler-Modified-At")).isEqualTo("2026-03-04T05:06:07.089Z");
        assertThat(answer.header("Content-Type")).isEqualTo("text/html");
        assertThat(answer.header("X-Kepler-Meta-author")).isEqualTo("ada");
        assertThat(answer.header("X-Kepler-Meta-n%C3%A4m%C3%A9%3A%20x")).isEqualTo("%2050%25 %0A");
        assertThat(answer.header("Accept-Ranges")).isEqualTo("bytes");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("Content-Security-Policy")).isEqualTo("sandbox");
        assertThat(answer.header("Date")).matches("\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT");
    }

    @Test
    void aContentTypeThatWouldBreakTheHeadersIsNotSent() throws IOException {
        http.bucket.put(
                "evil",
                new byte[1],
                PutOptions.builder().contentType("text/html\r\nSet-Cookie: a=b").build());

        Answer answer = http.get("/v1/files/box/evil");

        assertThat(answer.header("Content-Type")).isEqualTo("application/octet-stream");
        assertThat(answer.headers().get("Set-Cookie")).isNull();
    }

    @Test
    void optionsReachTheCluster() throws IOException {
        http.send(http.to(PATH + "?consistency=local&verify=sha256").header("X-Kepler-Timeout-Millis", "700"));

        assertThat(http.bucket.lastGet).isEqualTo(new GetOptions(Consistency.LOCAL, true, Duration.ofMillis(700)));
    }

    @Test
    void anAbsentFileAndAnAbsentBucketAreNotFound() throws IOException {
        assertThat(http.get("/v1/files/box/absent").problem()).isEqualTo("not-found");
        assertThat(http.get("/v1/files/absent/k").detail()).contains("createBucket");
        Answer head = http.send(http.to("/v1/files/box/absent").head());
        assertThat(head.status()).isEqualTo(404);
        assertThat(head.body()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-0 | 0 | bytes 0-0/10",
                "bytes=0-9 | 0123456789 | bytes 0-9/10",
                "bytes=3-5 | 345 | bytes 3-5/10",
                "bytes=9- | 9 | bytes 9-9/10",
                "bytes=5-100 | 56789 | bytes 5-9/10",
                "bytes=-3 | 789 | bytes 7-9/10",
                "bytes=-100 | 0123456789 | bytes 0-9/10",
                "bytes=8-99999999999999999999 | 89 | bytes 8-9/10",
                "Bytes = 1-2 | 12 | bytes 1-2/10",
                "bytes=0-3,2-5 | 012345 | bytes 0-5/10",
                "bytes=4-5,6-7 | 4567 | bytes 4-7/10",
                "bytes=20-30,1-1 | 1 | bytes 1-1/10",
            })
    void oneRangeIsSentAsItself(String range, String text, String contentRange) throws IOException {
        Answer answer = http.send(http.to(PATH).header("Range", range));

        assertThat(answer.status()).isEqualTo(206);
        assertThat(answer.text()).isEqualTo(text);
        assertThat(answer.header("Content-Range")).isEqualTo(contentRange);
        assertThat(answer.header("Content-Type")).isEqualTo("text/html");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"bytes=10-", "bytes=10-12", "bytes=-0", "bytes=10-,20-"})
    void nothingSatisfiableIs416(String range) throws IOException {
        Answer answer = http.send(http.to(PATH).header("Range", range));

        assertThat(answer.status()).isEqualTo(416);
        assertThat(answer.header("Content-Range")).isEqualTo("bytes */10");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"bytes=5-3", "bytes=a-b", "bytes=", "bytes=-", "lines=1-2", "bytes=1-2;3", "bytes=1-2,", "1-2"})
    void aRangeThatMakesNoSenseIsIgnored(String range) throws IOException {
        Answer answer = http.send(http.to(PATH).header("Range", range));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("0123456789");
    }

    @Test
    void moreThanFiftyRangesAreIgnored() throws IOException {
        assertThat(http.send(http.to(PATH).header("Range", "bytes=0-0" + ",2-2".repeat(50)))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void severalRangesComeAsPartsInTheOrderAskedFor() throws IOException {
        Answer answer = http.send(http.to(PATH).header("Range", "bytes=8-9,0-1,4-4"));

        assertThat(answer.status()).isEqualTo(206);
        assertThat(answer.header("Content-Type")).startsWith("multipart/byteranges; boundary=");
        String boundary = answer.header("Content-Type").split("boundary=")[1];
        String part = "\r\n--" + boundary + "\r\nContent-Type: text/html\r\nContent-Range: bytes ";
        assertThat(answer.text())
                .isEqualTo(part + "8-9/10\r\n\r\n89" + part + "0-1/10\r\n\r\n01" + part + "4-4/10\r\n\r\n4\r\n--"
                        + boundary + "--\r\n");
        assertThat(answer.header("Content-Length")).isEqualTo(Integer.toString(answer.body().length));
        assertThat(http.get(PATH).text()).as("the connection is still in step").isEqualTo("0123456789");
    }

    @Test
    void anEmptyFileHasNoSatisfiableRangeButItsLastBytesAreAllOfIt() throws IOException {
        http.bucket.put("empty", new byte[0]);

        assertThat(http.get("/v1/files/box/empty").status()).isEqualTo(200);
        assertThat(http.send(http.to("/v1/files/box/empty").header("Range", "bytes=0-"))
                        .status())
                .isEqualTo(416);
        assertThat(http.send(http.to("/v1/files/box/empty").header("Range", "bytes=-5"))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aRangeIsHeededOnlyIfItIsOfTheVersionAskedFor() throws IOException {
        assertThat(range("If-Range", '"' + file.etag() + '"')).isEqualTo(206);
        assertThat(range("If-Range", "\"other\"")).isEqualTo(200);
        assertThat(range("If-Range", "W/\"" + file.etag() + '"')).isEqualTo(200);
        assertThat(range("If-Range", MODIFIED)).isEqualTo(200);
    }

    private int range(String name, String value) throws IOException {
        return http.send(http.to(PATH).header("Range", "bytes=0-1").header(name, value))
                .status();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "If-None-Match | ETAG | 304",
                "If-None-Match | W/ETAG | 304",
                "If-None-Match | \"a\", ETAG | 304",
                "If-None-Match | * | 304",
                "If-None-Match | \"a\" | 200",
                "If-Match | ETAG | 200",
                "If-Match | * | 200",
                "If-Match | \"a\", ETAG | 200",
                "If-Match | W/ETAG | 412",
                "If-Match | \"a\" | 412",
                "If-Match | nonsense | 412",
                "If-Modified-Since | " + MODIFIED + " | 304",
                "If-Modified-Since | " + AFTER + " | 304",
                "If-Modified-Since | " + BEFORE + " | 200",
                "If-Modified-Since | yesterday | 200",
                "If-Modified-Since | Wednesday, 04-Mar-26 05:06:07 GMT | 304",
                "If-Modified-Since | Wednesday, 04-Mar-26 05:06:06 GMT | 200",
                "If-Modified-Since | Wed Mar  4 05:06:07 2026 | 304",
                "If-Modified-Since | Wed Mar  4 05:06:06 2026 | 200",
                "If-Unmodified-Since | " + MODIFIED + " | 200",
                "If-Unmodified-Since | " + BEFORE + " | 412",
                "If-Unmodified-Since | nonsense | 200",
            })
    void conditionsAreHeeded(String name, String value, int status) throws IOException {
        String sent = value.replace("ETAG", '"' + file.etag() + '"');

        Answer answer = http.send(http.to(PATH).header(name, sent));

        assertThat(answer.status()).isEqualTo(status);
        if (status != 412) {
            assertThat(answer.header("ETag")).isEqualTo('"' + file.etag() + '"');
        }
        assertThat(http.send(http.to(PATH).header(name, sent).head()).status()).isEqualTo(status);
    }

    @Test
    void etagsOutrankDates() throws IOException {
        String etag = '"' + file.etag() + '"';

        assertThat(conditions("If-None-Match", "\"a\"", "If-Modified-Since", AFTER))
                .isEqualTo(200);
        assertThat(conditions("If-Match", etag, "If-Unmodified-Since", BEFORE)).isEqualTo(200);
        assertThat(conditions("If-Match", "\"a\"", "If-None-Match", etag)).isEqualTo(412);
        assertThat(conditions("If-Match", etag, "If-None-Match", etag)).isEqualTo(304);
        assertThat(range("If-None-Match", etag)).isEqualTo(304);
    }

    private int conditions(String one, String value, String other, String otherValue) throws IOException {
        return http.send(http.to(PATH).header(one, value).header(other, otherValue))
                .status();
    }

    @Test
    void aFailureBeforeTheFirstByteHasItsProperStatus() throws IOException {
        http.bucket.put("large", new byte[1 << 20]);
        http.bucket.reading = in -> new TransferTest.FailingStream(in, 0);

        Answer small = http.get(PATH);
        Answer large = http.get("/v1/files/box/large");

        assertThat(small.status()).isEqualTo(500);
        assertThat(small.problem()).isEqualTo("corrupt");
        assertThat(large.status()).isEqualTo(500);
        assertThat(Objects.requireNonNull(large.problem())).isEqualTo("corrupt");
    }
}
