package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.NOON;
import static io.keplerfs.disk.DiskFixture.idOf;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.JDBC;
import org.sqlite.ProgressHandler;

/**
 * A chunk that many keys share costs the single writer no more than another. Counted in steps of SQLite's machine, which are the
 * same on every run.
 */
class SharedContentTest {
    private static final int MANY = 10_000;
    private static final int KNOWN = 7;
    private static final int NEW = 8;

    private static final byte[] BYTES = randomBytes(100, 1);
    private static final ChunkId SHARED = idOf(BYTES);

    @TempDir
    private Path root;

    private Connection connection;
    private Sql sql;
    private Tables tables;

    @BeforeEach
    void shareOneChunkAmongManyUploads() throws Exception {
        connection = JDBC.createConnection("jdbc:sqlite:" + root.resolve("meta.db"), new Properties());
        sql = new Sql(connection);
        Schema.bringUpToDate(sql);
        tables = Tables.over(sql);
        sql.run("BEGIN");
        tables.chunks().putLive(SHARED, BYTES.length, PieceSums.of(ByteBuffer.wrap(BYTES)), NOON);
        sql.update(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                        + " INSERT INTO chunk_refs(chunk_id, upload_id, bucket, key, state, since)"
                        + " SELECT ?, randomblob(16), 'photos', 'cat-' || i, 'REF', 1 FROM n",
                MANY,
                SHARED);
        tables.references().pin(SHARED, pin(KNOWN), NOON);
        tables.digests().recount(DigestCell.of(SHARED));
    }

    @AfterEach
    void close() throws SQLException {
        sql.close();
    }

    private static Pin pin(long upload) {
        return new Pin(new VersionId(new UUID(upload, 1)), "photos", "cat-" + upload);
    }

    private long stepsOf(Runnable work) throws SQLException {
        AtomicLong steps = new AtomicLong();
        ProgressHandler.setHandler(connection, 1, new ProgressHandler() {
            @Override
            protected int progress() {
                steps.incrementAndGet();
                return 0;
            }
        });
        work.run();
        ProgressHandler.clearHandler(connection);
        return steps.get();
    }

    private void isCheap(Runnable work) throws SQLException {
        assertThat(stepsOf(work)).isBetween(1L, (long) MANY / 10);
        DigestCell cell = DigestCell.of(SHARED);
        Digest counted = tables.digests().references(cell).stream()
                .map(reference -> Digest.of(SHARED, reference.pin().upload()))
                .reduce(Digest.ZERO, Digest::plus);
        assertThat(tables.digests().cells(DigestKind.CHUNKS, cell.partition()).get(cell.number()))
                .isEqualTo(counted);
    }

    @Test
    void oneMorePinLooksAtNoOther() throws SQLException {
        isCheap(() -> tables.references().pin(SHARED, pin(NEW), NOON));
    }

    @Test
    void aPinThatIsThereAlreadyLooksAtNoOther() throws SQLException {
        isCheap(() -> tables.references().pin(SHARED, pin(KNOWN), NOON));
    }

    @Test
    void aReferenceCopiedFromAnotherOwnerLooksAtNoOther() throws SQLException {
        for (Reference.State state : Reference.State.values()) {
            for (int upload : new int[] {KNOWN, NEW + state.ordinal()}) {
                isCheap(() -> tables.references().copy(new Reference(SHARED, pin(upload), state, 1), NOON));
            }
        }
    }

    @Test
    void oneUnpinLooksAtFewOthers() throws SQLException {
        isCheap(() -> tables.references().drop(pin(KNOWN).upload(), false, NOON));
    }

    /** What a mass delete leaves behind until it is forgotten: the last references, wherever they are in the order of uploads. */
    private void dropAllButSome(String which) {
        sql.update(
                "UPDATE chunk_refs SET state = 'DROPPED', since = 2 WHERE upload_id <> ? AND " + which, uploadOfPin());
        tables.digests().recount(DigestCell.of(SHARED));
    }

    private static byte[] uploadOfPin() {
        return ByteBuffer.allocate(16).putLong(KNOWN).putLong(1).array();
    }

    @Test
    void theLastUnpinsOfAMassDeleteLookAtNothingThatWasDropped() throws SQLException {
        for (String half : List.of("upload_id < x'7f'", "upload_id > x'7f'")) {
            dropAllButSome(half);
            tables.references().pin(SHARED, pin(NEW), NOON);
            isCheap(() -> tables.references().drop(pin(NEW).upload(), false, NOON));
        }
        isCheap(() -> assertThat(tables.references().drop(pin(KNOWN).upload(), false, NOON))
                .containsExactly(SHARED));
        assertThat(tables.chunks().unreferencedSince(SHARED)).hasValue(NOON);
    }

    @Test
    void whetherAnybodyNeedsAChunkLooksAtNothingThatWasDropped() throws SQLException {
        dropAllButSome("true");

        isCheap(() -> assertThat(tables.references().pins(SHARED)).containsExactly(pin(KNOWN)));
        isCheap(() -> assertThat(tables.chunks().trash(SHARED)).isFalse());
        isCheap(() -> assertThat(tables.chunks().quarantine(SHARED)).isTrue());
        isCheap(() -> assertThat(tables.chunks().forgetQuarantined(SHARED)).isFalse());
        isCheap(() -> tables.chunks().putLive(SHARED, BYTES.length, PieceSums.of(ByteBuffer.wrap(BYTES)), NOON));
        tables.references().drop(pin(KNOWN).upload(), false, NOON);
        isCheap(() -> assertThat(tables.chunks().trash(SHARED)).isTrue());
    }
}
