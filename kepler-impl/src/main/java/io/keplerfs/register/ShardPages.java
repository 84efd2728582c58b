package io.keplerfs.register;

import io.keplerfs.register.RegisterAnswer.Row;
import io.keplerfs.register.RegisterAnswer.Rows;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRange;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import java.util.ArrayList;
import java.util.List;

/** The owner's side of a listing: several shards of one bucket merged into one sorted page. */
final class ShardPages {
    /** More rows are left for the next page. */
    static final int MAX_ROWS = 10_000;
    /** A page ends behind the row that reaches it; that row itself still fits into a head. */
    static final int FULL_BYTES = Transport.MAX_HEAD_BYTES / 2;
    /** Few queries for a page of small rows, not much in memory of one of large rows. */
    private static final int BATCH = 256;

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
        List<Row> rows = new ArrayList<>();
        String after = request.after();
        int bytes = 0;
        while (rows.size() < limit) {
            int batch = Math.min(limit - rows.size(), BATCH);
            List<RegisterRow> found =
                    snapshot.registers(RegisterRange.above(request.bucket(), request.shards(), fold, after, batch));
            for (RegisterRow register : found) {
                if (bytes >= FULL_BYTES) {
                    return new Rows(true, rows);
                }
                String key = register.key().key();
                // The name of a folder is all that is shown of it.
                Row row = fold.of(key).isPresent() ? Row.folded(register.key()) : row(register, request.withPayload());
                rows.add(row);
                bytes += row.value().length + key.length() + Row.OVERHEAD_BYTES;
                after = fold.beyond(key);
            }
            if (found.size() < batch) {
                return new Rows(false, rows);
            }
        }
        return new Rows(limit > 0, rows);
    }
}
