package io.keplerfs.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.Bucket;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.Salvage;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a meta.db has lost in the middle, what is whole elsewhere is found, and damage ends nothing. */
class DamagedSalvageTest {
    private static final int FILES = 40;
    private static final int PAGE_BYTES = 4096;
    /** Long enough for overflow pages, and kept inside the manifest. */
    private static final String TEXT = "of this sentence every file has many. ".repeat(300);

    @TempDir
    private Path home;

    private Path whole;
    private final Map<String, String> expected = new TreeMap<>();

    @BeforeEach
    void fill() throws IOException {
        whole = home.resolve("whole");
        for (int i = 0; i < FILES; i++) {
            expected.put("file-" + i, "<content " + i + "> " + TEXT);
        }
        KeplerOptions options = KeplerOptions.local("solo", whole)
                .httpPort(KeplerOptions.NO_HTTP)
                .build();
        try (KeplerNode node = KeplerNode.start(options)) {
            Bucket bucket = node.cluster().createBucket("photos");
            for (Map.Entry<String, String> file : expected.entrySet()) {
                bucket.put(file.getKey(), file.getValue().getBytes(UTF_8));
            }
        }
    }

    private Path copyOf(Path directory, String name) throws IOException {
        Path copy = home.resolve(name);
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path source : tree.toList()) {
                Files.copy(source, copy.resolve(directory.relativize(source).toString()));
            }
        }
        return copy;
    }

    private static void forgetJournal(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("manifests"))) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    private static int pages(Path directory) throws IOException {
        return (int) (Files.size(directory.resolve("meta.db")) / PAGE_BYTES);
    }

    private static void overwrite(Path directory, int page) throws IOException {
        byte[] noise = new byte[PAGE_BYTES];
        Arrays.fill(noise, (byte) 0xa5);
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("meta.db").toFile(), "rw")) {
            file.seek((long) page * PAGE_BYTES);
            file.write(noise);
        }
    }

    private static Map<String, String> read(Salvage salvage) throws IOException {
        Map<String, String> found = new TreeMap<>();
        List<FileInfo> files = new ArrayList<>();
        salvage.forEach(files::add);
        for (FileInfo file : files) {
            try (InputStream bytes = salvage.open(file)) {
                found.put(file.key(), new String(bytes.readAllBytes(), UTF_8));
            }
        }
        return found;
    }

    @Test
    void aDamagedDatabaseBesideAWholeJournalOrAWholeDatabaseCostsNoFile() throws IOException {
        Path journalled = copyOf(whole, "journalled");
        Path bare = copyOf(whole, "bare");
        Path other = copyOf(whole, "other");
        forgetJournal(bare);
        forgetJournal(other);
        for (int page = pages(whole) / 4; page < pages(whole); page++) {
            overwrite(journalled, page);
            overwrite(bare, page);
        }

        try (Salvage salvage = Salvage.open(List.of(journalled))) {
            assertThat(read(salvage)).isEqualTo(expected);
            assertThat(salvage.summary().unreadable()).isEmpty();
            assertThat(salvage.summary().sources().get(0).notes()).isNotEmpty();
        }
        try (Salvage salvage = Salvage.open(List.of(bare, other))) {
            assertThat(read(salvage)).isEqualTo(expected);
            assertThat(salvage.summary().unreadable()).isEmpty();
        }
    }

    @Test
    void whereverOnePageIsBadTheRestIsRead() throws IOException {
        forgetJournal(whole);
        int pages = pages(whole);
        for (int page = 1; page < pages; page += 3) {
            Path damaged = copyOf(whole, "damaged-" + page);
            overwrite(damaged, page);
            try (Salvage salvage = Salvage.open(List.of(damaged))) {
                Map<String, String> found = read(salvage);
                Salvage.Summary summary = salvage.summary();
                assertThat(expected.keySet()).as("page %s", page).containsAll(found.keySet());
                if (!found.keySet().equals(expected.keySet())) {
                    assertThat(summary.unreadable().size()
                                    + summary.sources().get(0).notes().size())
                            .as("page %s", page)
                            .isGreaterThan(1);
                }
            }
        }
    }

    @Test
    void rotThatNoChecksumOfMetaDbShowsIsNotPreferredToTheJournal() throws IOException {
        Path database = whole.resolve("meta.db");
        byte[] bytes = Files.readAllBytes(database);
        byte[] mark = "<content 7>".getBytes(UTF_8);
        int flipped = 0;
        for (int at = 0; at < bytes.length - mark.length; at++) {
            if (Arrays.equals(bytes, at, at + mark.length, mark, 0, mark.length)) {
                bytes[at + 1] ^= 1;
                flipped++;
            }
        }
        assertThat(flipped).isPositive();
        Files.write(database, bytes);

        try (Salvage salvage = Salvage.open(List.of(whole))) {
            assertThat(read(salvage)).isEqualTo(expected);
        }
    }

    @Test
    void whatIsDamagedInTheMiddleOfARestoreIsToldOfAndTheOthersAreRestored() throws IOException {
        forgetJournal(whole);
        KeplerOptions options = KeplerOptions.local("fresh", home.resolve("fresh"))
                .httpPort(KeplerOptions.NO_HTTP)
                .build();
        try (Salvage salvage = Salvage.open(List.of(whole));
                KeplerNode node = KeplerNode.start(options)) {
            // Not read yet by the time of the damage: the connection keeps some pages.
            for (int page = pages(whole) / 4; page < pages(whole); page += 4) {
                overwrite(whole, page);
            }
            List<Salvage.Result> results = new ArrayList<>();
            salvage.restoreInto(node.cluster(), results::add);

            assertThat(results.size() + salvage.summary().unreadable().size()).isEqualTo(FILES);
            assertThat(results).allMatch(result -> result.outcome() == Salvage.Outcome.RESTORED);
        }
    }
}
