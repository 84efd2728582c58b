package io.keplerfs.disk;

import io.keplerfs.spi.QueueRow;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The table {@code replication_queue}. */
record QueueTable(Sql sql) {
    private static final String COLUMNS =
            "kind, id, target_node_id, epoch, reason, attempts, last_attempt, next_attempt, priority, bytes";
    private static final String SELECT = "SELECT " + COLUMNS + " FROM replication_queue ";
    private static final String OLDEST_FIRST = " ORDER BY next_attempt, kind, id, target_node_id LIMIT ?";
    private static final String DUE = SELECT + "WHERE next_attempt <= ?" + OLDEST_FIRST;
    private static final String DUE_FOR = SELECT + "WHERE target_node_id = ? AND next_attempt <= ?" + OLDEST_FIRST;
    private static final String PUT =
            "INSERT OR REPLACE INTO replication_queue(" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    private static final String DUE_AT =
            SELECT + "WHERE target_node_id = ? AND priority = ? AND next_attempt <= ?" + OLDEST_FIRST;

    /** The id of a copy begins with the 32 bytes of its chunk. */
    private static final String BACKLOG = """
            SELECT priority, count(*), count(DISTINCT CASE WHEN priority <> 'SMALL' THEN substr(id, 1, 32) END), sum(bytes)
              FROM replication_queue GROUP BY priority""";

    private static final String COPIES_FOR = """
            SELECT count(*) FROM (SELECT 1 FROM replication_queue
              WHERE target_node_id = ? AND priority IN ('ONE_COPY_LEFT', 'UNDER_REPLICATED', 'MOVE', 'OTHER') LIMIT ?)""";

    /** From one target to the next through the index, whatever each has. */
    private static final String FIRST_TARGET =
            "SELECT target_node_id FROM replication_queue ORDER BY target_node_id LIMIT 1";

    private static final String NEXT_TARGET = """
            SELECT target_node_id FROM replication_queue WHERE target_node_id > ? ORDER BY target_node_id LIMIT 1""";

    private static final String REMOVE_FOR = """
            DELETE FROM replication_queue WHERE (kind, id, target_node_id) IN
              (SELECT kind, id, target_node_id FROM replication_queue WHERE target_node_id = ? LIMIT ?)""";

    List<QueueRow> due(@Nullable NodeId target, long nowMillis, int limit) {
        return target == null
                ? sql.list(DUE, QueueTable::shape, nowMillis, limit)
                : sql.list(DUE_FOR, QueueTable::shape, target, nowMillis, limit);
    }

    List<QueueRow> due(NodeId target, Priority priority, long nowMillis, int limit) {
        return sql.list(DUE_AT, QueueTable::shape, target, priority.name(), nowMillis, limit);
    }

    List<Backlog> backlog() {
        return sql.list(
                BACKLOG,
                row -> new Backlog(row.constant(1, Priority.class), row.number(2), row.number(3), row.number(4)));
    }

    void hurry(long nowMillis) {
        sql.update("UPDATE replication_queue SET next_attempt = ? WHERE next_attempt > ?", nowMillis, nowMillis);
    }

    long size() {
        return sql.number("SELECT count(*) FROM replication_queue");
    }

    long copies(Set<NodeId> targets, long most) {
        long copies = 0;
        for (NodeId target : targets) {
            if (copies < most) {
                copies += sql.number(COPIES_FOR, target, most - copies);
            }
        }
        return copies;
    }

    int removeAllBut(Set<NodeId> targets, int limit) {
        int removed = 0;
        Optional<NodeId> target = sql.first(FIRST_TARGET, row -> row.node(1));
        while (target.isPresent() && removed < limit) {
            if (!targets.contains(target.get())) {
                removed += sql.update(REMOVE_FOR, target.get(), limit - removed);
            }
            target = sql.first(NEXT_TARGET, row -> row.node(1), target.get());
        }
        return removed;
    }

    void put(QueueRow task) {
        sql.update(
                PUT,
                task.kind(),
                task.id(),
                task.target(),
                task.epoch(),
                task.reason(),
                task.attempts(),
                task.lastAttemptMillis(),
                task.nextAttemptMillis(),
                task.priority().name(),
                task.bytes());
    }

    void remove(String kind, byte[] id, NodeId target) {
        sql.update("DELETE FROM replication_queue WHERE kind = ? AND id = ? AND target_node_id = ?", kind, id, target);
    }

    private static QueueRow shape(Row row) throws SQLException {
        return new QueueRow(
                row.text(1),
                row.bytes(2),
                row.node(3),
                row.number(4),
                row.text(5),
                row.small(6),
                row.number(7),
                row.number(8),
                row.constant(9, Priority.class),
                row.number(10));
    }
}
