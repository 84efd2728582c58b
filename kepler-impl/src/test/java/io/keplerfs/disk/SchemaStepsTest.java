package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRange;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data directories of every earlier schema open, and their registers are listed as if they had been written now. */
class SchemaStepsTest {
    private static final VersionId WRITE = new VersionId(new UUID(3, 4));

    @TempDir
    private Path parent;

    private static byte[] value(boolean absent, long fence) {
        return new RegisterValue(WRITE, 7, List.of(), 0, absent, fence, new byte[] {1}).encode();
    }

    private static void insert(Sql sql, int schema, int shard, String key, byte[] value) {
        String columns =
                "bucket, shard, key, promised_time, promised_node, accepted_time, accepted_node, value, memory";
        boolean live = value.length > 0 && (value[1] & 1) == 0;
        String last = schema < 4 ? "" : ", " + (live ? 1 : 0);
        byte[] node = new byte[16];
        sql.update(
                "INSERT INTO files(" + columns + (schema < 4 ? "" : ", live")
                        + ") VALUES ('photos', ?, ?, 7, ?, 7, ?, ?, x''" + last + ")",
                shard,
                key,
                node,
                node,
                value);
    }

    private Path directoryOf(int schema) throws Exception {
        Path root = parent.resolve("data");
        DiskFixture.copy(
                Path.of(Objects.requireNonNull(getClass().getResource("/data-directories/schema-1"))
                        .toURI()),
                root);
        try (Sql sql = new Sql(DriverManager.getConnection("jdbc:sqlite:" + root.resolve("meta.db")))) {
            Schema.bringUpTo(schema, sql);
            assertThat(sql.number("PRAGMA user_version")).isEqualTo(schema);
            insert(sql, schema, 1, "a/1", value(true, 0));
            insert(sql, schema, 0, "a/2", value(false, 0));
            insert(sql, schema, 1, "a/3", value(false, 5));
            insert(sql, schema, 0, "b/1", value(true, 0));
            insert(sql, schema, 1, "b/2", value(true, 5));
            insert(sql, schema, 1, "c", value(false, 5));
            insert(sql, schema, 0, "d", new byte[0]);
            insert(sql, schema, 0, "e", value(false, 0));
        }
        return root;
    }

    private static List<String> list(Store store, String delimiter) {
        RegisterRange range = new RegisterRange("photos", Set.of(0, 1), new Fold("", delimiter), null, 100);
        return keys(done(store.read(tables -> tables.registers(range))));
    }

    /** How many the digests know of; they are as if they had been kept from the beginning. */
    private static int countedRegisters(Store.Transaction tables) {
        int counted = 0;
        for (RegisterRow row : tables.registersAfter(null, 100)) {
            DigestCell cell = DigestCell.of(row.key());
            counted += tables.registersIn(cell).contains(new AcceptedBallot(row.key(), row.accepted())) ? 1 : 0;
            assertThat(tables.recountDigests(cell)).isFalse();
            assertThat(tables.digests(DigestKind.REGISTERS, cell.partition(), cell.partition() + 1))
                    .hasSize(1);
        }
        return counted;
    }

    private static List<String> keys(List<RegisterRow> rows) {
        return rows.stream().map(RegisterRow::key).map(RegisterKey::key).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void aDirectoryOfEverySchemaOpensAndListsWhatIsLive(int schema) throws Exception {
        Path root = directoryOf(schema);
        for (int opened = 0; opened < 2; opened++) {
            try (Store store = DiskStore.open(DiskFixture.options(root))) {
                assertThat(list(store, "")).containsExactly("a/2", "a/3", "c", "e");
                assertThat(list(store, "/")).containsExactly("a/2", "c", "e");
                assertThat(keys(done(store.read(tables -> tables.tombstonesAfter(null, 100)))))
                        .containsExactly("b/1", "d", "a/1", "b/2");
                assertThat(keys(done(store.read(tables -> tables.registersAfter(null, 100)))))
                        .hasSize(8);
                assertThat(done(store.write(SchemaStepsTest::countedRegisters))).isEqualTo(8);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 6, 8})
    void referencesThatAnEarlierReleaseWroteAreFoundByWhetherTheyAreLive(int schema) throws Exception {
        Path root = directoryOf(schema);
        ChunkId chunk = DiskFixture.idOf(new byte[] {7});
        try (Sql sql = new Sql(DriverManager.getConnection("jdbc:sqlite:" + root.resolve("meta.db")))) {
            String insert = "INSERT INTO chunk_refs(chunk_id, upload_id, bucket, key, state, since)"
                    + " VALUES (?, ?, 'photos', 'cat', ?, 1)";
            sql.update(insert, chunk, WRITE, Reference.State.REF);
            sql.update(insert, chunk, new VersionId(new UUID(3, 5)), Reference.State.DROPPED);
        }
        try (Store store = DiskStore.open(DiskFixture.options(root))) {
            List<Pin> pins = done(store.read(tables -> tables.pins(chunk)));
            assertThat(pins).containsExactly(new Pin(WRITE, "photos", "cat"));
            List<ChunkId> unneeded = done(store.write(tables -> tables.unpin(WRITE)));
            assertThat(unneeded).containsExactly(chunk);
            List<Pin> after = done(store.read(tables -> tables.pins(chunk)));
            assertThat(after).isEmpty();
        }
    }

    @Test
    void copiesThatAnEarlierReleaseOwedGoOnAsCopies() throws Exception {
        Path root = directoryOf(5);
        try (Sql sql = new Sql(DriverManager.getConnection("jdbc:sqlite:" + root.resolve("meta.db")))) {
            String insert = "INSERT INTO replication_queue(kind, id, target_node_id, epoch, reason, attempts,"
                    + " last_attempt, next_attempt) VALUES (?, ?, ?, 1, 'test', 0, 0, 0)";
            for (String kind : List.of("chunk", "move", "unpin")) {
                sql.update(insert, kind, new byte[40], new NodeId(new UUID(0, 9)));
            }
        }
        try (Store store = DiskStore.open(DiskFixture.options(root))) {
            assertThat(done(store.read(Store.Snapshot::backlog)))
                    .contains(
                            new Backlog(Priority.SMALL, 1, 0, 0),
                            new Backlog(Priority.UNDER_REPLICATED, 2, 1, 8 << 20));
        }
    }
}
