package io.keplerfs.files;

import io.keplerfs.Consistency;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.register.ListResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRange;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Pages of listings. Any thread. */
final class Lister {
    /** Entries fetched at a time: they come with their inline bytes, so a thousand could be 16 MB. */
    private static final int BATCH = 250;

    private final Node node;
    private final BucketCatalog buckets;

    Lister(Node node, BucketCatalog buckets) {
        this.node = node;
        this.buckets = buckets;
    }

    CompletableFuture<ListPage> list(String bucket, ListOptions options) {
        boolean local = options.consistency() == Consistency.LOCAL;
        CompletableFuture<BucketRecord> record =
                local ? buckets.requireLocal(bucket) : buckets.require(bucket, PutOptions.DEFAULT_TIMEOUT);
        Folding folding = new Folding(options);
        return record.thenCompose(
                found -> fill(bucket, found, options, folding, folding.start().orElse("")));
    }

    private CompletableFuture<ListPage> fill(
            String bucket, BucketRecord record, ListOptions options, Folding folding, String after) {
        int wanted = Math.min(BATCH, options.limit() + 1);
        return entries(bucket, record, options, after, wanted).thenCompose(found -> {
            String last = after;
            for (Entry entry : found.entries()) {
                folding.add(
                        entry.key(),
                        () -> Manifest.of(entry.value()).info(new RegisterKey(bucket, 0, entry.key()), entry.value()));
                last = entry.key();
            }
            return folding.isFull() || !found.more()
                    ? CompletableFuture.completedFuture(folding.page())
                    : fill(bucket, record, options, folding, folding.resumeAfter(last));
        });
    }

    private record Entry(String key, RegisterValue value) {}

    private record Batch(List<Entry> entries, boolean more) {}

    private CompletableFuture<Batch> entries(
            String bucket, BucketRecord record, ListOptions options, String after, int limit) {
        if (options.consistency() == Consistency.LOCAL) {
            Fold fold = new Fold(options.prefix(), options.delimiter().orElse(""));
            return node.read(tables -> local(tables, bucket, record, fold, after, limit));
        }
        return node.ownership(PutOptions.DEFAULT_TIMEOUT)
                .thenCompose(ready -> node.registers()
                        .list(
                                bucket,
                                record.shards(),
                                options.prefix(),
                                after,
                                options.delimiter().orElse(""),
                                limit,
                                true,
                                PutOptions.DEFAULT_TIMEOUT))
                .thenCompose(Lister::batch);
    }

    private static CompletableFuture<Batch> batch(ListResult result) {
        if (result instanceof ListResult.Unavailable unavailable) {
            // Never an empty page: an outage must not look like an empty bucket.
            return CompletableFuture.failedFuture(new UnavailableException(unavailable.reason()));
        }
        ListResult.Page page = (ListResult.Page) result;
        List<Entry> entries =
                page.entries().stream().map(e -> new Entry(e.key(), e.value())).toList();
        return CompletableFuture.completedFuture(new Batch(entries, page.more()));
    }

    /** What this node has: its own copies and the fast writes that wait here. */
    private static Batch local(
            Store.Snapshot tables, String bucket, BucketRecord record, Fold fold, String after, int limit) {
        List<IntentRow> intents = tables.intents(bucket);
        // A fast delete that waits here may be of the one key that stands for a folder: then every key is looked at.
        Fold folded = intents.isEmpty() ? fold : new Fold(fold.prefix(), "");
        List<Integer> shards = IntStream.range(0, record.shards()).boxed().toList();
        TreeSet<String> keys = new TreeSet<>(RegisterKey::compareKeys);
        tables.registers(RegisterRange.above(bucket, shards, folded, after, limit + 1)).stream()
                .map(RegisterRow::key)
                .map(RegisterKey::key)
                .forEach(keys::add);
        intents.stream()
                .map(IntentRow::key)
                .map(RegisterKey::key)
                .filter(key -> key.startsWith(fold.prefix()) && RegisterKey.compareKeys(key, after) > 0)
                .forEach(keys::add);
        List<Entry> entries = new ArrayList<>();
        int looked = 0;
        String last = after;
        for (String key : keys) {
            if (looked++ == limit) {
                break;
            }
            last = key;
            boolean isFolder = folded.of(key).isPresent();
            RegisterValue value =
                    isFolder ? RegisterValue.NONE : VersionReader.localValue(tables, record.registerOf(bucket, key));
            if (isFolder || !value.absent()) {
                entries.add(new Entry(key, value));
            }
        }
        boolean more = keys.size() > limit;
        // Deleted keys count for progress and are left out of the page.
        return entries.isEmpty() && more ? local(tables, bucket, record, fold, last, limit) : new Batch(entries, more);
    }
}
