package io.keplerfs.register;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.disk.DiskOptions;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.register.RegisterAnswer.Rows;
import io.keplerfs.sim.Figure;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a page of a listing costs an owner: a million files of one bucket in 16 shards on a real disk, {@code -Dfiles=N}. */
class ListingFigures {
    private static final int FILES = Integer.getInteger("files", 1_000_000);
    private static final int SHARDS = 16;
    private static final int FILES_PER_FOLDER = 100;
    private static final int PAGE = 1_000;
    private static final int PAGES = 101;
    private static final int BATCH = 20_000;
    private static final NodeId NODE = new NodeId(new UUID(0, 1));

    @TempDir
    private Path directory;

    @Test
    void aPageCostsWhatItShows() throws Exception {
        DiskOptions options = new DiskOptions(
                directory, "figures", false, Thread::new, 2, () -> new UUID(1, 2), System::currentTimeMillis);
        try (Store store = DiskStore.open(options)) {
            load(store, 1, FILES, false);
            measure(store, "all.files");
            load(store, 2, FILES / 10 * 9, true);
            measure(store, "nine.of.ten.deleted");
            remove(store, FILES / 10 * 9);
            measure(store, "tombstones.removed");
        }
    }

    /** Files are spread over folders, and the deleted ones over all folders. */
    private static RegisterKey key(int file) {
        int place = (int) (file * 7_919L % FILES);
        String key = "folder-%06d/file-%07d".formatted(place / FILES_PER_FOLDER, place);
        return new RegisterKey("photos", Math.floorMod(key.hashCode(), SHARDS), key);
    }

    private static void load(Store store, long time, int count, boolean tombstones) {
        Change.Write write = new Change.Write(new byte[tombstones ? 20 : 300], tombstones);
        inBatches(store, count, file -> {
            RegisterValue value = RegisterValue.first(new VersionId(new UUID(time, file)), time, write);
            Ballot ballot = new Ballot(time, NODE);
            return Acceptor.accept(RegisterRow.untouched(key(file)), ballot, Ballot.ZERO, value, value.encode())
                    .row();
        });
    }

    private static void inBatches(Store store, int count, IntFunction<RegisterRow> row) {
        for (int from = 0; from < count; from += BATCH) {
            int begin = from;
            store.write(tables -> {
                        IntStream.range(begin, Math.min(count, begin + BATCH))
                                .forEach(file -> tables.putRegister(row.apply(file)));
                        return true;
                    })
                    .join();
        }
    }

    private static void remove(Store store, int count) {
        for (int from = 0; from < count; from += BATCH) {
            int begin = from;
            store.write(tables -> {
                        IntStream.range(begin, Math.min(count, begin + BATCH))
                                .forEach(file -> tables.removeRegister(key(file)));
                        return true;
                    })
                    .join();
        }
    }

    private static void measure(Store store, String state) {
        int folders = FILES / FILES_PER_FOLDER;
        print(store, state + ".page", "", "", page -> "folder-%06d/".formatted(page * folders / PAGES));
        print(
                store,
                state + ".page.with.prefix",
                "folder-0",
                "",
                page -> "folder-%06d/".formatted(page * folders / PAGES / 10));
        print(
                store,
                state + ".page.with.delimiter",
                "",
                "/",
                page -> "folder-%06d/".formatted(page * folders / PAGES / 2));
    }

    private static void print(Store store, String name, String prefix, String delimiter, IntFunction<String> after) {
        List<Integer> shards = IntStream.range(0, SHARDS).boxed().toList();
        long[] nanos = new long[PAGES];
        int rows = 0;
        for (int page = 0; page < PAGES; page++) {
            RegisterRequest.Page request = new RegisterRequest.Page(
                    0, "photos", shards, prefix, after.apply(page), delimiter, PAGE, true, List.of());
            long begin = System.nanoTime();
            Rows found = store.read(tables -> ShardPages.page(tables, request)).join();
            nanos[page] = System.nanoTime() - begin;
            rows += found.rows().size();
        }
        assertThat(rows).isPositive();
        Arrays.sort(nanos);
        Figure.print("listing." + name + ".rows", rows / PAGES);
        Figure.print("listing." + name + ".median.ms", nanos[PAGES / 2] / 1e6);
    }
}
