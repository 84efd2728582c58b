package io.keplerfs.disk;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * The tables of {@code meta.db} and how they came about. {@code PRAGMA user_version} counts the steps a database has gone
 * through; a step that was released is never changed, another is added. Text and states are readable as they are, ids with
 * {@code hex()}; times are milliseconds since 1970.
 *
 * <pre>
 * chunks             what is in chunks/, trash/ and quarantine/; crc is drawn at {@link PieceSums};
 *                    unreferenced_since = 0 for a chunk with a live reference
 * chunk_refs         which upload needs which chunk, whether its bytes are here or not: a set, never a counter;
 *                    since = when the state was recorded
 * files              the registers; key sorts by its UTF-8 bytes (SQLite compares TEXT with memcmp);
 *                    value and memory are opaque here, empty for none; live = 1 if a listing shows it
 * files_aside        registers kept from an ownership that has ended, for the operator alone
 * peers              members of earlier runs; last_seen = when the row was written
 * replication_queue  what this node owes to others
 * uploads            writes this node coordinates
 * intents            fast writes that are durable here and not delivered
 * settings           small named values, among them the id of the cluster
 * digests            sums over files and chunk_refs, drawn at {@link DigestTable}; files.cell = where in them a register is
 *                    counted, -1 for nowhere
 * </pre>
 */
final class Schema {
    private static final List<String> FIRST = List.of(
            """
            CREATE TABLE chunks(
              id BLOB NOT NULL PRIMARY KEY,
              size INTEGER NOT NULL,
              state TEXT NOT NULL CHECK (state IN ('LIVE', 'TRASH', 'QUARANTINE')),
              created_at INTEGER NOT NULL,
              verified_at INTEGER NOT NULL,
              crc BLOB NOT NULL
            ) WITHOUT ROWID""",
            "CREATE INDEX chunks_by_state ON chunks(state, size)",
            """
            CREATE TABLE chunk_refs(
              chunk_id BLOB NOT NULL,
              upload_id BLOB NOT NULL,
              bucket TEXT NOT NULL,
              key TEXT NOT NULL,
              PRIMARY KEY (chunk_id, upload_id)
            ) WITHOUT ROWID""",
            "CREATE INDEX chunk_refs_by_upload ON chunk_refs(upload_id)",
            """
            CREATE TABLE files(
              bucket TEXT NOT NULL,
              shard INTEGER NOT NULL,
              key TEXT NOT NULL,
              promised_time INTEGER NOT NULL,
              promised_node BLOB NOT NULL,
              accepted_time INTEGER NOT NULL,
              accepted_node BLOB NOT NULL,
              value BLOB NOT NULL,
              memory BLOB NOT NULL,
              PRIMARY KEY (bucket, shard, key)
            ) WITHOUT ROWID""",
            """
            CREATE TABLE peers(
              id BLOB NOT NULL PRIMARY KEY,
              label TEXT NOT NULL,
              zone TEXT NOT NULL,
              weight INTEGER NOT NULL,
              addr TEXT NOT NULL,
              http_port INTEGER NOT NULL,
              gossip_port INTEGER NOT NULL,
              transfer_port INTEGER NOT NULL,
              incarnation INTEGER NOT NULL,
              last_seen INTEGER NOT NULL,
              status TEXT NOT NULL
            ) WITHOUT ROWID""",
            """
            CREATE TABLE replication_queue(
              kind TEXT NOT NULL,
              id BLOB NOT NULL,
              target_node_id BLOB NOT NULL,
              epoch INTEGER NOT NULL,
              reason TEXT NOT NULL,
              attempts INTEGER NOT NULL,
              last_attempt INTEGER NOT NULL,
              next_attempt INTEGER NOT NULL,
              PRIMARY KEY (kind, id, target_node_id)
            ) WITHOUT ROWID""",
            "CREATE INDEX replication_queue_due ON replication_queue(next_attempt)",
            "CREATE INDEX replication_queue_due_by_target ON replication_queue(target_node_id, next_attempt)",
            """
            CREATE TABLE uploads(
              id BLOB NOT NULL PRIMARY KEY,
              bucket TEXT NOT NULL,
              key TEXT NOT NULL,
              state TEXT NOT NULL,
              created_at INTEGER NOT NULL
            ) WITHOUT ROWID""",
            """
            CREATE TABLE intents(
              bucket TEXT NOT NULL,
              shard INTEGER NOT NULL,
              key TEXT NOT NULL,
              id BLOB NOT NULL,
              ballot_time INTEGER NOT NULL,
              ballot_node BLOB NOT NULL,
              value BLOB NOT NULL,
              PRIMARY KEY (bucket, shard, key, id)
            ) WITHOUT ROWID""",
            "CREATE TABLE settings(name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");

    /**
     * References get a state. What the first schema knew was never dropped and may be long dead: as an old INTENT each is
     * compared with its register soon.
     */
    private static final List<String> REFERENCES = List.of(
            "ALTER TABLE chunks ADD COLUMN unreferenced_since INTEGER NOT NULL DEFAULT 0",
            """
            UPDATE chunks SET unreferenced_since = 1
              WHERE NOT EXISTS (SELECT 1 FROM chunk_refs WHERE chunk_id = chunks.id)""",
            "CREATE INDEX chunks_unreferenced ON chunks(id, size) WHERE unreferenced_since > 0 AND state = 'LIVE'",
            """
            ALTER TABLE chunk_refs ADD COLUMN state TEXT NOT NULL DEFAULT 'INTENT'
              CHECK (state IN ('INTENT', 'REF', 'DROPPED'))""",
            "ALTER TABLE chunk_refs ADD COLUMN since INTEGER NOT NULL DEFAULT 1",
            "DROP INDEX chunk_refs_by_upload",
            "CREATE INDEX chunk_refs_by_upload ON chunk_refs(upload_id, state)",
            "CREATE INDEX chunk_refs_by_state ON chunk_refs(state, since)");

    /** Registers of an ownership that has ended. */
    private static final List<String> ASIDE = List.of("""
            CREATE TABLE files_aside(
              bucket TEXT NOT NULL,
              shard INTEGER NOT NULL,
              key TEXT NOT NULL,
              promised_time INTEGER NOT NULL,
              promised_node BLOB NOT NULL,
              accepted_time INTEGER NOT NULL,
              accepted_node BLOB NOT NULL,
              value BLOB NOT NULL,
              memory BLOB NOT NULL,
              PRIMARY KEY (bucket, shard, key)
            ) WITHOUT ROWID""");

    /** A listing walks one index and the search for old tombstones the other: neither pays for the rows of the other kind. */
    private static final List<String> LISTINGS_WITHOUT_TOMBSTONES = List.of(
            "ALTER TABLE files ADD COLUMN live INTEGER NOT NULL DEFAULT 0",
            // The second byte of a value of format 1 has the flags, and bit 0 of them says "absent".
            "UPDATE files SET live = 1 WHERE length(value) > 1 AND substr(value, 2, 1) = x'00'",
            "CREATE INDEX files_live ON files(bucket, shard, key) WHERE live = 1",
            "CREATE INDEX files_not_live ON files(bucket, shard, key) WHERE live = 0");

    /**
     * One walk in the order of the keys instead of one per shard; it leaves the index only for what it answers. And the step
     * before took a value with a fence (bit 1 of the flags) for absent.
     */
    private static final List<String> LISTINGS_ACROSS_SHARDS = List.of(
            "UPDATE files SET live = 1 WHERE live = 0 AND length(value) > 1 AND substr(value, 2, 1) = x'02'",
            "DROP INDEX files_live",
            "CREATE INDEX files_live ON files(bucket, key, shard, live) WHERE live = 1");

    /** Sums by which owners compare what they keep; {@link DigestTable#fill} counts what is there. */
    private static final List<String> DIGESTS = List.of(
            "CREATE TABLE digests(id INTEGER PRIMARY KEY, root BLOB NOT NULL, cells BLOB NOT NULL)",
            "ALTER TABLE files ADD COLUMN cell INTEGER NOT NULL DEFAULT -1",
            "CREATE INDEX files_cell ON files(cell) WHERE cell >= 0");

    /**
     * Tasks get a priority. The size of a chunk is inside its task's id, where SQL does not find it: for those of the releases
     * before, the largest chunk of the default size stands in until they are delivered.
     */
    private static final List<String> PRIORITIES = List.of(
            "ALTER TABLE replication_queue ADD COLUMN priority TEXT NOT NULL DEFAULT 'SMALL'",
            "ALTER TABLE replication_queue ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0",
            """
            UPDATE replication_queue SET priority = 'UNDER_REPLICATED', bytes = 4194304
              WHERE kind IN ('chunk', 'move')""",
            "DROP INDEX replication_queue_due_by_target",
            "CREATE INDEX replication_queue_due_by_target ON replication_queue(target_node_id, priority, next_attempt)");

    /** What is in quarantine and not referenced is found by the collector, too. */
    private static final List<String> UNREFERENCED_QUARANTINE = List.of("DROP INDEX chunks_unreferenced", """
            CREATE INDEX chunks_unreferenced ON chunks(id, size, state)
              WHERE unreferenced_since > 0 AND state <> 'TRASH'""");

    /**
     * Whether anybody needs a chunk is one look: of content that many keys shared, those that were deleted stay as DROPPED for
     * days, and each removal would walk over all that came before it.
     */
    private static final List<String> LIVE_REFERENCES =
            List.of("CREATE INDEX chunk_refs_live ON chunk_refs(chunk_id) WHERE state <> 'DROPPED'");

    /** Step i leads from version i to version i + 1. */
    private static final List<List<String>> STEPS = List.of(
            FIRST,
            REFERENCES,
            ASIDE,
            LISTINGS_WITHOUT_TOMBSTONES,
            LISTINGS_ACROSS_SHARDS,
            DIGESTS,
            PRIORITIES,
            UNREFERENCED_QUARANTINE,
            LIVE_REFERENCES);

    private Schema() {}

    /** Takes the steps that are missing, all in one transaction. */
    static void bringUpToDate(Sql sql) throws IOException, SQLException {
        bringUpTo(STEPS.size(), sql);
    }

    /** As an earlier release would have left it. */
    static void bringUpTo(int wanted, Sql sql) throws IOException, SQLException {
        int version = refuseNewer(sql);
        sql.run("BEGIN IMMEDIATE");
        for (List<String> step : STEPS.subList(version, Math.max(version, wanted))) {
            for (String statement : step) {
                sql.run(statement);
            }
            if (step.equals(DIGESTS)) {
                new DigestTable(sql).fill();
            }
        }
        sql.run("PRAGMA user_version = " + Math.max(version, wanted));
        sql.run("COMMIT");
    }

    /** @return how many steps the database has gone through */
    static int refuseNewer(Sql sql) throws IOException {
        int version = (int) sql.number("PRAGMA user_version");
        if (version > STEPS.size()) {
            throw new IOException("meta.db has schema " + version + ", this release knows schemas up to " + STEPS.size()
                    + ": use a release that is at least as new");
        }
        return version;
    }
}
