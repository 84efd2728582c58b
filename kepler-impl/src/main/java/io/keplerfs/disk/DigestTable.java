package io.keplerfs.disk;

import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The table {@code digests}: a row for each partition and kind with anything in it.
 *
 * <pre>
 * id      kind * 16384 + partition; kind 0 = registers, 1 = chunks
 * root    16 bytes, the sum of the cells
 * cells   64 sums of 16 bytes
 * </pre>
 *
 * <p>What a transaction changes is summed here and written once for its whole group, so that a group of a thousand puts rewrites
 * each row once. Used by the thread of its connection; a reader's has nothing pending.
 */
final class DigestTable {
    private static final int FIRST_OF_KIND = DigestCell.PARTITIONS;
    private static final int PAGE_ROWS = 1_000;
    private static final Logger log = LoggerFactory.getLogger(DigestTable.class);
    /** Above every id of a chunk. */
    private static final byte[] BEHIND_ALL = new byte[ChunkId.BYTES + 1];

    static {
        Arrays.fill(BEHIND_ALL, (byte) 0xff);
    }

    private final Sql sql;
    /** By {@link #place}: of the transactions of this group that have ended, and of the one that runs. */
    private final NavigableMap<Integer, Digest> ended = new TreeMap<>();

    private final NavigableMap<Integer, Digest> running = new TreeMap<>();

    DigestTable(Sql sql) {
        this.sql = sql;
    }

    private static int row(DigestKind kind, int partition) {
        return kind.code() * FIRST_OF_KIND + partition;
    }

    private static int place(DigestCell cell) {
        return row(cell.kind(), cell.partition()) * DigestCell.PER_PARTITION + cell.number();
    }

    private void add(DigestCell cell, Digest difference) {
        if (!difference.isZero()) {
            running.merge(place(cell), difference, Digest::plus);
        }
    }

    /** Of a register, zero ballots standing for no row. */
    void registerBecame(RegisterKey key, Ballot before, Ballot after) {
        if (!before.equals(after)) {
            DigestCell cell = DigestCell.of(key);
            add(cell, item(key, after).minus(item(key, before)));
        }
    }

    private static Digest item(RegisterKey key, Ballot accepted) {
        return DigestCell.counts(key, accepted) ? Digest.of(key, accepted) : Digest.ZERO;
    }

    /** Makes a change of one chunk's row, or of all its references: costs as much as there are, which may be a million. */
    <T> T around(ChunkId chunk, Supplier<T> change) {
        Digest before = of(chunk);
        T result = change.get();
        add(DigestCell.of(chunk), of(chunk).minus(before));
        return result;
    }

    private Digest of(ChunkId chunk) {
        List<VersionId> uploads = sql.list(
                "SELECT upload_id FROM " + ReferenceTable.LIVE + "chunk_id = ?"
                        + " AND EXISTS (SELECT 1 FROM chunks WHERE id = chunk_refs.chunk_id AND state = 'LIVE')",
                row -> row.version(1),
                chunk);
        Digest sum = Digest.ZERO;
        for (VersionId upload : uploads) {
            sum = sum.plus(Digest.of(chunk, upload));
        }
        return sum;
    }

    /** There is one more live reference, which counts if the chunk is LIVE. */
    void referenced(ChunkId chunk, VersionId upload) {
        if (sql.number("SELECT EXISTS(SELECT 1 FROM chunks WHERE id = ? AND state = 'LIVE')", chunk) == 1) {
            add(DigestCell.of(chunk), Digest.of(chunk, upload));
        }
    }

    /** A reference to a LIVE chunk is live no more. */
    void dropped(ChunkId chunk, VersionId upload) {
        add(DigestCell.of(chunk), Digest.ZERO.minus(Digest.of(chunk, upload)));
    }

    /** Nothing of this kind counts any more. */
    void becomeEmpty(DigestKind kind) {
        int first = row(kind, 0);
        int end = row(kind, DigestCell.PARTITIONS);
        sql.update("DELETE FROM digests WHERE id >= ? AND id < ?", first, end);
        int firstPlace = first * DigestCell.PER_PARTITION;
        int endPlace = end * DigestCell.PER_PARTITION;
        running.subMap(firstPlace, endPlace).clear();
        // What ended stays, as this transaction may yet be undone.
        ended.subMap(firstPlace, endPlace)
                .forEach((place, difference) -> running.put(place, Digest.ZERO.minus(difference)));
    }

    /** The running transaction has ended well. */
    void keep() {
        running.forEach((place, difference) -> ended.merge(place, difference, Digest::plus));
        running.clear();
    }

    /** The running transaction was undone. */
    void undo() {
        running.clear();
    }

    /** The whole group was undone. */
    void forget() {
        running.clear();
        ended.clear();
    }

    /** Before the group is committed. */
    void flush() {
        Map<Integer, Map<Integer, Digest>> byRow = new TreeMap<>();
        ended.forEach((place, difference) -> {
            byRow.computeIfAbsent(place / DigestCell.PER_PARTITION, row -> new TreeMap<>())
                    .put(place % DigestCell.PER_PARTITION, difference);
        });
        byRow.forEach(this::change);
        ended.clear();
    }

    private void change(int row, Map<Integer, Digest> differences) {
        List<Digest> cells = stored(row);
        differences.forEach(
                (number, difference) -> cells.set(number, cells.get(number).plus(difference)));
        Digest root = Digest.ZERO;
        ByteBuffer bytes = ByteBuffer.allocate(DigestCell.PER_PARTITION * Digest.BYTES);
        for (Digest cell : cells) {
            root = root.plus(cell);
            cell.write(bytes);
        }
        if (cells.stream().allMatch(Digest::isZero)) {
            sql.update("DELETE FROM digests WHERE id = ?", row);
        } else {
            ByteBuffer sum = ByteBuffer.allocate(Digest.BYTES);
            root.write(sum);
            sql.update(
                    "INSERT OR REPLACE INTO digests(id, root, cells) VALUES (?, ?, ?)",
                    row,
                    sum.array(),
                    bytes.array());
        }
    }

    private List<Digest> stored(int row) {
        return sql.first("SELECT cells FROM digests WHERE id = ?", found -> found.bytes(1), row)
                .filter(bytes -> isWhole(row, bytes))
                .map(DigestTable::cells)
                .orElseGet(() -> new ArrayList<>(Collections.nCopies(DigestCell.PER_PARTITION, Digest.ZERO)));
    }

    /** Nothing is lost with a damaged row: it counts as zero, owners seem to differ, and that has it counted anew. */
    private static boolean isWhole(int row, byte[] bytes) {
        boolean whole = bytes.length == DigestCell.PER_PARTITION * Digest.BYTES;
        if (!whole) {
            log.warn("row {} of digests in meta.db has {} bytes of cells: it is counted anew", row, bytes.length);
        }
        return whole;
    }

    private static List<Digest> cells(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        List<Digest> cells = new ArrayList<>();
        while (in.hasRemaining()) {
            cells.add(Digest.read(in));
        }
        return cells;
    }

    SortedMap<Integer, Digest> roots(DigestKind kind, int from, int to) {
        SortedMap<Integer, Digest> roots = new TreeMap<>();
        int first = row(kind, 0);
        sql.list(
                        "SELECT id, root FROM digests WHERE id >= ? AND id < ?",
                        row -> Map.entry(row.small(1) - first, Digest.read(ByteBuffer.wrap(row.bytes(2)))),
                        first + from,
                        first + to)
                .forEach(root -> roots.put(root.getKey(), root.getValue()));
        for (NavigableMap<Integer, Digest> pending : List.of(ended, running)) {
            pending.subMap((first + from) * DigestCell.PER_PARTITION, (first + to) * DigestCell.PER_PARTITION)
                    .forEach((place, difference) ->
                            roots.merge(place / DigestCell.PER_PARTITION - first, difference, Digest::plus));
        }
        roots.values().removeIf(Digest::isZero);
        return roots;
    }

    List<Digest> cells(DigestKind kind, int partition) {
        int row = row(kind, partition);
        List<Digest> cells = stored(row);
        for (NavigableMap<Integer, Digest> pending : List.of(ended, running)) {
            pending.subMap(row * DigestCell.PER_PARTITION, (row + 1) * DigestCell.PER_PARTITION)
                    .forEach((place, difference) -> cells.set(
                            place % DigestCell.PER_PARTITION,
                            cells.get(place % DigestCell.PER_PARTITION).plus(difference)));
        }
        return cells;
    }

    List<AcceptedBallot> registers(DigestCell cell) {
        return sql.list(
                "SELECT bucket, shard, key, accepted_time, accepted_node FROM files INDEXED BY files_cell"
                        + " WHERE cell = ? AND cell >= 0",
                DigestTable::accepted,
                cell.index());
    }

    private static AcceptedBallot accepted(Row row) throws SQLException {
        return new AcceptedBallot(new RegisterKey(row.text(1), row.small(2), row.text(3)), row.ballot(4));
    }

    List<Reference> references(DigestCell cell) {
        return sql.list(
                "SELECT chunk_id, upload_id, bucket, key, state, since FROM chunk_refs WHERE chunk_id >= ?"
                        + " AND chunk_id < ? AND state <> 'DROPPED'"
                        + " AND EXISTS (SELECT 1 FROM chunks WHERE id = chunk_refs.chunk_id AND state = 'LIVE')"
                        + " ORDER BY chunk_id, upload_id",
                ReferenceTable::shape,
                firstBytes(cell.index()),
                firstBytes(cell.index() + 1));
    }

    /** Where the chunks of a cell begin: their ids start with the 20 bits of its index. */
    private static byte[] firstBytes(int index) {
        if (index == DigestCell.PARTITIONS * DigestCell.PER_PARTITION) {
            return BEHIND_ALL;
        }
        return new byte[] {(byte) (index >>> 12), (byte) (index >>> 4), (byte) (index << 4)};
    }

    /** The other cells of its row stay as they are: what they lack or have too much is added when they are counted. */
    boolean recount(DigestCell cell) {
        List<Digest> known = cells(cell.kind(), cell.partition());
        Digest root =
                roots(cell.kind(), cell.partition(), cell.partition() + 1).getOrDefault(cell.partition(), Digest.ZERO);
        Digest counted = cell.kind() == DigestKind.REGISTERS ? sumOfRegisters(cell) : sumOfReferences(cell);
        Digest difference = counted.minus(known.get(cell.number()));
        boolean rootIsWrong = !known.stream().reduce(Digest.ZERO, Digest::plus).equals(root);
        if (rootIsWrong) {
            // A difference of nothing has the row written again, and its root summed.
            running.merge(place(cell), Digest.ZERO, Digest::plus);
        }
        add(cell, difference);
        return rootIsWrong || !difference.isZero();
    }

    private Digest sumOfRegisters(DigestCell cell) {
        return registers(cell).stream().map(AcceptedBallot::digest).reduce(Digest.ZERO, Digest::plus);
    }

    private Digest sumOfReferences(DigestCell cell) {
        return references(cell).stream()
                .map(reference -> Digest.of(reference.chunk(), reference.pin().upload()))
                .reduce(Digest.ZERO, Digest::plus);
    }

    /** Counts everything for the first time; inside the transaction of a schema's step. */
    void fill() {
        fillRegisters();
        List<Map.Entry<ChunkId, VersionId>> page = List.of();
        do {
            Map.Entry<ChunkId, VersionId> last = page.isEmpty() ? null : page.get(page.size() - 1);
            page = sql.list(
                    "SELECT chunk_id, upload_id FROM chunk_refs WHERE (chunk_id, upload_id) > (?, ?)"
                            + " AND state <> 'DROPPED'"
                            + " AND EXISTS (SELECT 1 FROM chunks WHERE id = chunk_refs.chunk_id AND state = 'LIVE')"
                            + " ORDER BY chunk_id, upload_id LIMIT ?",
                    row -> Map.entry(row.chunk(1), row.version(2)),
                    last == null ? new byte[0] : last.getKey(),
                    last == null ? new byte[0] : last.getValue(),
                    PAGE_ROWS);
            page.forEach(item -> add(DigestCell.of(item.getKey()), Digest.of(item.getKey(), item.getValue())));
        } while (page.size() == PAGE_ROWS);
        keep();
        flush();
    }

    private void fillRegisters() {
        RegisterKey last = new RegisterKey("", 0, "");
        List<AcceptedBallot> page;
        do {
            page = sql.list(
                    "SELECT bucket, shard, key, accepted_time, accepted_node FROM files"
                            + " WHERE (bucket, shard, key) > (?, ?, ?) ORDER BY bucket, shard, key LIMIT ?",
                    DigestTable::accepted,
                    last.bucket(),
                    last.shard(),
                    last.key(),
                    PAGE_ROWS);
            for (AcceptedBallot item : page) {
                last = item.key();
                registerBecame(item.key(), Ballot.ZERO, item.accepted());
                if (DigestCell.counts(item.key(), item.accepted())) {
                    sql.update(
                            "UPDATE files SET cell = ? WHERE bucket = ? AND shard = ? AND key = ?",
                            DigestCell.of(last).index(),
                            last.bucket(),
                            last.shard(),
                            last.key());
                }
            }
        } while (page.size() == PAGE_ROWS);
    }
}
