package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A digest that has become wrong, whatever the reason, is counted anew. */
class DigestRecountTest {
    private static final RegisterKey KEY = new RegisterKey("photos", 3, "cat");
    private static final DigestCell CELL = DigestCell.of(KEY);
    private static final Ballot BALLOT = new Ballot(7, new NodeId(new UUID(1, 2)));

    @TempDir
    private Path parent;

    private static List<Digest> cells(Store store) {
        return done(store.read(tables -> tables.digestCells(DigestKind.REGISTERS, CELL.partition())));
    }

    private static Digest root(Store store) {
        return done(store.read(tables -> tables.digests(DigestKind.REGISTERS, CELL.partition(), CELL.partition() + 1)))
                .getOrDefault(CELL.partition(), Digest.ZERO);
    }

    private static boolean recount(Store store) {
        boolean wrong = false;
        for (int number = 0; number < DigestCell.PER_PARTITION; number++) {
            wrong |= recount(store, number);
        }
        return wrong;
    }

    private static boolean recount(Store store, int number) {
        return done(store.write(tables -> tables.recountDigests(cell(number))));
    }

    private static DigestCell cell(int number) {
        return new DigestCell(DigestKind.REGISTERS, CELL.partition(), number);
    }

    private static RegisterRow row(int file, long time) {
        RegisterKey key = new RegisterKey("photos", 3, "cat-" + file);
        Ballot ballot = new Ballot(time, BALLOT.node());
        return new RegisterRow(key, ballot, ballot, new byte[] {1}, new byte[0]);
    }

    private static List<Digest> sumsOfRows(Store store) {
        List<Digest> sums = new ArrayList<>();
        for (int number = 0; number < DigestCell.PER_PARTITION; number++) {
            DigestCell cell = cell(number);
            sums.add(done(store.read(tables -> tables.registersIn(cell).stream()
                    .map(AcceptedBallot::digest)
                    .reduce(Digest.ZERO, Digest::plus))));
        }
        return sums;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM digests",
                "UPDATE digests SET cells = zeroblob(1024)",
                "UPDATE digests SET cells = x'77'",
                "UPDATE digests SET root = zeroblob(16)"
            })
    void aWrongDigestIsMended(String damage) throws Exception {
        Path root = parent.resolve("data");
        try (Store store = DiskStore.open(DiskFixture.options(root))) {
            done(store.write(tables -> {
                tables.putRegister(new RegisterRow(KEY, BALLOT, BALLOT, new byte[] {1}, new byte[0]));
                return true;
            }));
            assertThat(recount(store)).isFalse();
        }
        try (Sql sql = new Sql(DriverManager.getConnection("jdbc:sqlite:" + root.resolve("meta.db")))) {
            sql.run(damage);
        }
        try (Store store = DiskStore.open(DiskFixture.options(root))) {
            assertThat(recount(store)).isTrue();
            assertThat(root(store)).isEqualTo(Digest.of(KEY, BALLOT));
            assertThat(cells(store).get(CELL.number())).isEqualTo(Digest.of(KEY, BALLOT));
            assertThat(recount(store)).isFalse();
        }
    }

    /** Writes come to cells that have been counted and to those that have not, between two and within one group. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM digests",
                "UPDATE digests SET cells = x'77'",
                "UPDATE digests SET cells = zeroblob(1024)"
            })
    void cellsThatAreCountedOneByOneAreRightWhateverIsWrittenMeanwhile(String damage) throws Exception {
        Path root = parent.resolve("data");
        try (Store store = DiskStore.open(DiskFixture.options(root))) {
            done(store.write(tables -> {
                for (int file = 0; file < 300; file++) {
                    tables.putRegister(row(file, 7));
                }
                return true;
            }));
        }
        try (Sql sql = new Sql(DriverManager.getConnection("jdbc:sqlite:" + root.resolve("meta.db")))) {
            sql.run(damage);
        }
        try (Store store = DiskStore.open(DiskFixture.options(root))) {
            List<Integer> order = new ArrayList<>(
                    IntStream.range(0, DigestCell.PER_PARTITION).boxed().toList());
            Random random = new Random(1);
            Collections.shuffle(order, random);
            for (int number : order) {
                List<CompletableFuture<?>> group = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    RegisterRow overwritten = row(random.nextInt(400), 8 + random.nextInt(9));
                    RegisterKey removed = row(random.nextInt(400), 1).key();
                    group.add(store.write(tables -> {
                        tables.putRegister(overwritten);
                        tables.removeRegister(removed);
                        return true;
                    }));
                    if (i == 1) {
                        group.add(store.write(tables -> tables.recountDigests(cell(number))));
                    }
                }
                group.forEach(DiskFixture::done);
            }

            List<Digest> counted = sumsOfRows(store);
            assertThat(cells(store)).isEqualTo(counted);
            assertThat(root(store)).isEqualTo(counted.stream().reduce(Digest.ZERO, Digest::plus));
            assertThat(recount(store)).isFalse();
        }
    }

    @Test
    void countingOneCellReadsNoOther() throws Exception {
        try (Store store = DiskStore.open(DiskFixture.options(parent.resolve("data")))) {
            done(store.write(tables -> {
                for (int file = 0; file < 300; file++) {
                    tables.putRegister(row(file, 7));
                }
                return true;
            }));
            done(store.write(tables -> ((SqlTransaction) tables)
                    .changing()
                    .sql()
                    .update("UPDATE digests SET cells = zeroblob(1024), root = zeroblob(16)")));

            assertThat(recount(store, 5)).isTrue();

            List<Digest> counted = sumsOfRows(store);
            for (int number = 0; number < DigestCell.PER_PARTITION; number++) {
                assertThat(cells(store).get(number)).isEqualTo(number == 5 ? counted.get(5) : Digest.ZERO);
            }
        }
    }

    /** Part of the wire format: owners of different releases must count alike. */
    @Test
    void theSumsAreWhatTheyHaveAlwaysBeen() {
        assertThat(CELL).isEqualTo(new DigestCell(DigestKind.REGISTERS, CELL.partition(), CELL.number()));
        assertThat(Digest.of(KEY, BALLOT).plus(Digest.ZERO.minus(Digest.of(KEY, BALLOT))))
                .isEqualTo(Digest.ZERO);
        assertThat(new Digest(1, -1).plus(new Digest(2, 1))).isEqualTo(new Digest(4, 0));
        assertThat(new Digest(4, 0).minus(new Digest(2, 1))).isEqualTo(new Digest(1, -1));
    }
}
