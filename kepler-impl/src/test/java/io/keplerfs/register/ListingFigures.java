package io.keplerfs.register;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.disk.DiskOptions;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.register.RegisterAnswer.Rows;
import io.keplerfs.sim.Figure;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a page of 1,000 costs: a million files ({@code -Dfiles=N}) of one bucket in 16 shards on real disks, at one owner and merged
 * over three. The median of each kind of page must stay under 20 ms.
 */
class ListingFigures {
    private static final int FILES = Integer.getInteger("files", 1_000_000);
    private static final int SHARDS = 16;
    /** The rest is at the top of the bucket. */
    private static final int IN_FOLDERS = FILES / 10 * 9;

    private static final int FILES_PER_FOLDER = 600;
    private static final int FOLDERS = IN_FOLDERS / FILES_PER_FOLDER;
    private static final int PAGE = 1_000;
    private static final int PAGES = 51;
    private static final int BATCH = 20_000;
    private static final double MOST_MILLIS = 20;
    private static final int OWNERS = 3;

    private final List<String> slow = new ArrayList<>();
    private final List<Store> stores = new ArrayList<>();
    private final List<NodeId> ids = new ArrayList<>();

    @TempDir
    private Path directory;

    /** One kind of page. */
    private record Kind(String name, Fold fold, IntFunction<String> after) {}

    @Test
    void aPageCostsWhatItShows() throws Exception {
        for (int i = 1; i <= OWNERS; i++) {
            int number = i;
            ids.add(new NodeId(new UUID(0, i)));
            stores.add(DiskStore.open(new DiskOptions(
                    directory.resolve("node-" + i),
                    "figures",
                    false,
                    Thread::new,
                    2,
                    () -> new UUID(1, number),
                    System::currentTimeMillis)));
        }
        try (OwnersInProcess owners = new OwnersInProcess(ids, stores)) {
            int deleted = FILES / 10 * 9;
            load(1, FILES, false);
            measure(owners, "all.files");
            load(2, deleted, true);
            measure(owners, "nine.of.ten.deleted");
            inBatches(deleted, (tables, file) -> tables.removeRegister(key(file)));
            measure(owners, "tombstones.removed");
            assertThat(slow).isEmpty();
        } finally {
            stores.forEach(Store::close);
        }
    }

    /** Files come in no order, and the deleted ones are spread over all folders. */
    private static RegisterKey key(int file) {
        int place = (int) (file * 7_919L % FILES);
        String key = place < IN_FOLDERS
                ? "dir-%04d/%06d".formatted(place / FILES_PER_FOLDER, place % FILES_PER_FOLDER)
                : "flat-%06d".formatted(place);
        return new RegisterKey("photos", Math.floorMod(key.hashCode(), SHARDS), key);
    }

    private void load(long time, int count, boolean tombstones) {
        Change.Write write = new Change.Write(new byte[tombstones ? 20 : 150], tombstones);
        Ballot ballot = new Ballot(time, ids.get(0));
        inBatches(count, (tables, file) -> {
            RegisterValue value = RegisterValue.first(new VersionId(new UUID(time, file)), time, write);
            tables.putRegister(
                    Acceptor.accept(RegisterRow.untouched(key(file)), ballot, Ballot.ZERO, value, value.encode())
                            .row());
        });
    }

    private interface Step {
        void run(Store.Transaction tables, int file);
    }

    private void inBatches(int count, Step step) {
        for (int from = 0; from < count; from += BATCH) {
            int begin = from;
            for (Store store : stores) {
                store.write(tables -> {
                            IntStream.range(begin, Math.min(count, begin + BATCH))
                                    .forEach(file -> step.run(tables, file));
                            return true;
                        })
                        .join();
            }
        }
    }

    private void measure(OwnersInProcess owners, String state) {
        for (Kind kind : List.of(
                new Kind("page", new Fold("", ""), page -> "dir-%04d/".formatted(page * FOLDERS / PAGES)),
                new Kind("prefix", new Fold("dir-0", ""), page -> "dir-0%03d/".formatted(page * 900 / PAGES)),
                new Kind("delimiter", new Fold("", "/"), page -> "dir-%04d/~".formatted(page * FOLDERS / PAGES)),
                new Kind("prefix.and.delimiter", new Fold("dir-", "/"), page -> "dir-%04d/~".formatted(page * 4)),
                new Kind("inside.a.folder", new Fold("dir-0100/", "/"), page -> ""))) {
            String name = "listing." + state + "." + kind.name();
            time(name + ".one.owner", page -> oneOwner(kind, page));
            time(name + ".three.owners", page -> merged(owners, kind, page));
        }
    }

    private int oneOwner(Kind kind, int page) {
        List<Integer> shards = IntStream.range(0, SHARDS).boxed().toList();
        RegisterRequest.Page request = new RegisterRequest.Page(
                0,
                "photos",
                shards,
                kind.fold().prefix(),
                kind.after().apply(page),
                kind.fold().delimiter(),
                PAGE,
                true,
                List.of());
        Rows rows = stores.get(0)
                .read(tables -> ShardPages.page(tables, request))
                .join();
        return rows.rows().size();
    }

    private static int merged(OwnersInProcess owners, Kind kind, int page) {
        ListResult result = owners.registers()
                .list(
                        "photos",
                        SHARDS,
                        kind.fold().prefix(),
                        kind.after().apply(page),
                        kind.fold().delimiter(),
                        PAGE,
                        true,
                        Duration.ofMinutes(1))
                .join();
        return ((ListResult.Page) result).entries().size();
    }

    private void time(String name, IntUnaryOperator rowsOfPage) {
        IntStream.range(0, PAGES).forEach(rowsOfPage::applyAsInt);
        double[] millis = new double[PAGES];
        int rows = 0;
        for (int page = 0; page < PAGES; page++) {
            long begin = System.nanoTime();
            rows += rowsOfPage.applyAsInt(page);
            millis[page] = (System.nanoTime() - begin) / 1e6;
        }
        Arrays.sort(millis);
        double median = millis[PAGES / 2];
        Figure.print(name + ".rows", rows / PAGES);
        Figure.print(name + ".median.millis", median);
        assertThat(rows).as(name).isPositive();
        if (median >= MOST_MILLIS) {
            slow.add(name + " " + median + " ms");
        }
    }
}
