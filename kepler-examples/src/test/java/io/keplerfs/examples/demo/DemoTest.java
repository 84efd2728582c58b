package io.keplerfs.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.Bucket;
import io.keplerfs.GetOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.examples.FakeCluster;
import io.keplerfs.examples.Terminal;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.content.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
    private final FakeCluster cluster = new FakeCluster();
    private final Output output = new OutputOptions().on(silentShell());
    private final Courier courier = new Courier(output);
    private final List<Source> sources =
            List.of(Source.seeded("a", 1, 10), Source.seeded("b", 2, 70_000), Source.seeded("big", 3, 2_000_000));

    private Bucket bucket;

    private static Shell silentShell() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        return new Shell(
                Map.of(),
                InputStream.nullInputStream(),
                nowhere,
                nowhere,
                false,
                urls -> new FakeCluster(),
                options -> {
                    throw new IOException("not here");
                });
    }

    @BeforeEach
    void oneBucket() throws IOException {
        bucket = cluster.createBucket("demo");
    }

    @Test
    void whatComesBackEqualIsOk() throws Exception {
        AtomicInteger stored = new AtomicInteger();

        Phase store = courier.store("store", bucket, sources, stored::incrementAndGet);
        Phase compare = courier.compare("compare", bucket, sources, GetOptions.defaults());

        assertThat(store.ok()).isTrue();
        assertThat(compare.ok()).isTrue();
        assertThat(stored).hasValue(3);
        assertThat(store.bytes()).isEqualTo(2_070_010);
        assertThat(compare.bytes()).isEqualTo(2_070_010);
        assertThat(compare.files()).isEqualTo(3);
    }

    @Test
    void oneChangedBitIsFoundAndNamed() throws Exception {
        courier.store("store", bucket, sources, () -> {});
        cluster.damage("b");

        Phase compare = courier.compare("compare", bucket, sources, GetOptions.defaults());

        assertThat(compare.ok()).isFalse();
        assertThat(compare.problems()).singleElement().asString().startsWith("b: SHA-256 is ");
        assertThat(compare.verdict()).isEqualTo("1 WRONG");
    }

    @Test
    void everyFailedCallIsAProblem() throws Exception {
        cluster.failWith(new UnavailableException("1 of 3 owners answers"));

        Phase store = courier.store("store", bucket, sources, () -> {});

        assertThat(store.problems()).hasSize(3).allMatch(problem -> problem.contains("1 of 3 owners answers"));
    }

    @Test
    void theJdkIsStoredByDefaultWithHundredsOfSmallFiles() throws IOException {
        List<Source> small = Corpus.ofThisJdk(Corpus.Extent.SMALL);

        assertThat(Corpus.bytes(small)).isBetween(1_000_000L, 90_000_000L);
        assertThat(small.stream().filter(source -> source.key().startsWith("jrt/")))
                .hasSizeBetween(250, 300);
        assertThat(small.stream().map(Source::key)).doesNotHaveDuplicates();
    }

    @Test
    void givenDirectoriesAreWalked(@TempDir Path directory) throws IOException {
        Files.writeString(Files.createDirectories(directory.resolve("in")).resolve("x"), "12345");
        Files.writeString(directory.resolve("y"), "123");

        List<Source> sources = Corpus.of(List.of(directory));

        assertThat(sources.stream().map(Source::key))
                .containsExactly(
                        directory.resolve("in/x").toString(),
                        directory.resolve("y").toString());
        assertThat(Corpus.bytes(sources)).isEqualTo(8);
        assertThatThrownBy(() -> Corpus.of(List.of(Files.createDirectory(directory.resolve("empty")))))
                .hasMessageContaining("no readable file");
    }

    @Test
    void theOutageBringsNewContentFromItsSeed() throws IOException {
        List<Source> once = Corpus.forTheOutage(5, Corpus.Extent.SMALL);
        List<Source> again = Corpus.forTheOutage(5, Corpus.Extent.SMALL);

        assertThat(once).hasSize(101);
        try (InputStream one = once.get(3).opening().open();
                InputStream other = again.get(3).opening().open()) {
            assertThat(one).hasSameContentAs(other);
        }
    }

    @Test
    void waitingEndsAndSaysWhatWasMissing() {
        Patience patience = new Patience(output, Duration.ofMillis(1));

        assertThatThrownBy(() -> patience.until("three members", () -> "node-c is dead"))
                .hasMessageContaining("three members")
                .hasMessageContaining("node-c is dead");
    }

    @Test
    void waitingEndsAtOnceWhenNothingIsMissing() throws Exception {
        AtomicInteger looks = new AtomicInteger();

        new Patience(output, Duration.ofMinutes(1)).until("it", () -> {
            looks.incrementAndGet();
            return "";
        });

        assertThat(looks).hasValue(1);
    }

    @Test
    void aClusterThatDoesNotStartEndsTheDemoWithOneLine() {
        Terminal.Result result = new Terminal()
                .withStarter(options -> {
                    throw new IOException("the disk is on fire");
                })
                .run("demo", "--small", "--quiet");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("kepler demo: the disk is on fire\n");
    }
}
