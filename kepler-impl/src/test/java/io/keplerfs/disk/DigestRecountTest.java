package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.List;
import java.util.UUID;
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
        return done(store.write(tables -> tables.recountDigests(DigestKind.REGISTERS, CELL.partition())));
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
