package io.keplerfs.register;

import io.keplerfs.register.RegisterAnswer.Row;
import io.keplerfs.register.RegisterAnswer.Rows;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** The owner's side of a listing: several shards of one bucket merged into one sorted page. */
final class ShardPages {
    /** More rows are left for the next page. */
    static final int MAX_ROWS = 10_000;
    /** A page ends behind the row that reaches it; that row itself still fits into a head. */
    static final int FULL_BYTES = Transport.MAX_HEAD_BYTES / 2;
    /** Read ahead per shard, so that many shards with few rows each cost one query each. */
    private static final int LEAST_BATCH = 8;

    private ShardPages() {}

    static Rows page(Store.Snapshot snapshot, RegisterRequest.Page request) {
        return request.keys().isEmpty() ? range(snapshot, request) : certain(snapshot, request);
    }

    private static Rows certain(Store.Snapshot snapshot, RegisterRequest.Page request) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < request.keys().size(); i++) {
            RegisterKey key = new RegisterKey(
                    request.bucket(), request.shards().get(i), request.keys().get(i));
            rows.add(row(snapshot.register(key), request.withPayload()));
        }
        return new Rows(false, rows);
    }

    private static Row row(RegisterRow row, boolean payloads) {
        RegisterValue value = RegisterValue.decode(row.value()).withoutAncestors();
        boolean withPayload = payloads && !value.absent();
        byte[] listed = (withPayload ? value : value.withoutPayload()).encode();
        return new Row(row.key().shard(), row.key().key(), row.accepted(), listed);
    }

    private static Rows range(Store.Snapshot snapshot, RegisterRequest.Page request) {
        Fold fold = new Fold(request.prefix(), request.delimiter());
        int limit = Math.min(request.limit(), MAX_ROWS);
        // Of a folder one row is wanted: what is read ahead would be skipped.
        int batch = request.delimiter().isEmpty()
                ? Math.max(LEAST_BATCH, limit / Math.max(1, request.shards().size()) + 1)
                : 1;
        PriorityQueue<Cursor> cursors = new PriorityQueue<>(
                (a, b) -> RegisterKey.compareKeys(a.head().key(), b.head().key()));
        for (int shard : request.shards()) {
            Cursor cursor = new Cursor(snapshot, request, shard, batch);
            if (!cursor.ended()) {
                cursors.add(cursor);
            }
        }
        List<Row> rows = new ArrayList<>();
        int bytes = 0;
        while (!cursors.isEmpty() && rows.size() < limit && bytes < FULL_BYTES) {
            Cursor cursor = cursors.remove();
            Row row = cursor.next(fold);
            rows.add(row);
            bytes += row.value().length + row.key().length() + Row.OVERHEAD_BYTES;
            cursors.add(cursor);
            Cursor behind = cursors.peek();
            String beyond = fold.beyond(row.key());
            while (behind != null && behind.skipTo(beyond)) {
                cursors.remove();
                if (!behind.ended()) {
                    cursors.add(behind);
                }
                behind = cursors.peek();
            }
        }
        return new Rows(!cursors.isEmpty(), rows);
    }

    /** Walks through one shard. */
    private static final class Cursor {
        private final Store.Snapshot snapshot;
        private final RegisterRequest.Page request;
        private final int shard;
        private final int batch;
        private List<RegisterRow> rows = List.of();
        private int at;

        Cursor(Store.Snapshot snapshot, RegisterRequest.Page request, int shard, int batch) {
            this.snapshot = snapshot;
            this.request = request;
            this.shard = shard;
            this.batch = batch;
            fill(request.after().isEmpty() ? null : request.after());
        }

        boolean ended() {
            return at == rows.size();
        }

        RegisterKey head() {
            return rows.get(at).key();
        }

        /** The row it stands at; it does not move. */
        Row next(Fold fold) {
            RegisterRow row = rows.get(at);
            return row(row, request.withPayload() && fold.of(row.key().key()).isEmpty());
        }

        /** Goes on to the first row above the key; false if it is there already. */
        boolean skipTo(String key) {
            if (ended() || RegisterKey.compareKeys(head().key(), key) > 0) {
                return ended();
            }
            while (at < rows.size() && RegisterKey.compareKeys(head().key(), key) <= 0) {
                at++;
            }
            if (at == rows.size() && rows.size() == batch) {
                fill(key);
            }
            return true;
        }

        private void fill(@Nullable String after) {
            rows = snapshot.registers(request.bucket(), shard, request.prefix(), after, batch);
            at = 0;
        }
    }
}
