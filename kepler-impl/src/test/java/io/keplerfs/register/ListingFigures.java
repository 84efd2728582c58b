package io.keplerfs.register;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
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
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
    private static final int PAGES = 31;
    private static final int ROUNDS = 7;
    /** What {@code files.Lister} asks for at a time. */
    private static final int LISTER_BATCH = 250;

    private static final int BATCH = 20_000;
    private static final double MOST_MILLIS = 20;
    private static final int OWNERS = 3;

    private final List<String> slow = new ArrayList<>();
    private final List<NodeId> ids = IntStream.rangeClosed(1, OWNERS)
            .mapToObj(i -> new NodeId(new UUID(0, i)))
            .toList();

    @TempDir
    private Path directory;

    /** One kind of page. */
    private record Kind(String name, Fold fold, IntFunction<String> after) {}

    @Test
    void aPageCostsWhatItShows() throws Exception {
        measure("all.files", store -> load(store, 1, file -> true, false));
        measure("nine.of.ten.deleted", store -> load(store, 2, ListingFigures::isDeleted, true));
        measure("tombstones.removed", ListingFigures::remove);
        assertThat(slow).as("slower than %s ms", MOST_MILLIS).isEmpty();
    }

    private static boolean isDeleted(int file) {
        return file % 10 != 0;
    }

    private Store open(int owner) throws Exception {
        return DiskStore.open(new DiskOptions(
                directory.resolve("node-" + owner),
                "figures",
                false,
                Thread::new,
                2,
                () -> new UUID(1, 1),
                System::currentTimeMillis));
    }

    /** What the first owner has, the others get as a copy. */
    private void copyToOthers() throws IOException {
        for (int owner = 2; owner <= OWNERS; owner++) {
            Path target = Files.createDirectories(directory.resolve("node-" + owner));
            for (String name : List.of("node.json", "meta.db")) {
                Files.copy(directory.resolve("node-1").resolve(name), target.resolve(name), REPLACE_EXISTING);
            }
            copyJournal(directory.resolve("node-1/manifests"), target.resolve("manifests"));
            for (String name : List.of("chunks", "tmp", "trash", "quarantine")) {
                Files.createDirectories(target.resolve(name));
            }
        }
    }

    /** Without what an earlier copy left: a checkpoint may have replaced it. */
    private static void copyJournal(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> old = Files.list(to)) {
            for (Path file : old.toList()) {
                Files.delete(file);
            }
        }
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private void measure(String state, Consumer<Store> change) throws Exception {
        try (Store store = open(1)) {
            change.accept(store);
        }
        copyToOthers();
        List<Store> stores = new ArrayList<>();
        try {
            for (int owner = 1; owner <= OWNERS; owner++) {
                stores.add(open(owner));
            }
            try (OwnersInProcess owners = new OwnersInProcess(ids, stores)) {
                measure(state, stores.get(0), owners);
            }
        } finally {
            stores.forEach(Store::close);
        }
    }

    private static RegisterKey key(int file) {
        String key = file < IN_FOLDERS
                ? "dir-%04d/%06d".formatted(file / FILES_PER_FOLDER, file % FILES_PER_FOLDER)
                : "flat-%06d".formatted(file);
        return new RegisterKey("photos", Math.floorMod(key.hashCode(), SHARDS), key);
    }

    private void load(Store store, long time, IntPredicate which, boolean tombstones) {
        Change.Write write = new Change.Write(new byte[tombstones ? 20 : 150], tombstones);
        Ballot ballot = new Ballot(time, ids.get(0));
        inBatches(store, which, (tables, file) -> {
            RegisterValue value = RegisterValue.first(new VersionId(new UUID(time, file)), time, write);
            tables.putRegister(
                    Acceptor.accept(RegisterRow.untouched(key(file)), ballot, Ballot.ZERO, value, value.encode())
                            .row());
        });
    }

    private static void remove(Store store) {
        inBatches(store, ListingFigures::isDeleted, (tables, file) -> tables.removeRegister(key(file)));
    }

    private interface Step {
        void run(Store.Transaction tables, int file);
    }

    private static void inBatches(Store store, IntPredicate which, Step step) {
        for (int from = 0; from < FILES; from += BATCH) {
            int begin = from;
            store.write(tables -> {
                        IntStream.range(begin, Math.min(FILES, begin + BATCH))
                                .filter(which)
                                .forEach(file -> step.run(tables, file));
                        return true;
                    })
                    .join();
        }
    }

    private void measure(String state, Store store, OwnersInProcess owners) {
        for (Kind kind : List.of(
                new Kind("page", new Fold("", ""), page -> "dir-%04d/".formatted(page * FOLDERS / PAGES)),
                new Kind("prefix", new Fold("dir-0", ""), page -> "dir-0%03d/".formatted(page * 900 / PAGES)),
                new Kind("delimiter", new Fold("", "/"), page -> "dir-%04d/~".formatted(page * FOLDERS / PAGES)),
                new Kind("prefix.and.delimiter", new Fold("dir-", "/"), page -> "dir-%04d/~".formatted(page * 4)),
                new Kind("inside.a.folder", new Fold("dir-0100/", "/"), page -> ""))) {
            String name = "listing." + state + "." + kind.name();
            time(name + ".one.owner", page -> oneOwner(store, kind, page));
            time(
                    name + ".three.owners",
                    page -> merged(owners, kind, kind.after().apply(page), PAGE));
            time(name + ".three.owners.in.batches", page -> mergedInBatches(owners, kind, page));
        }
    }

    private static int oneOwner(Store store, Kind kind, int page) {
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
        Rows rows = store.read(tables -> ShardPages.page(tables, request)).join();
        return rows.rows().size();
    }

    private static int merged(OwnersInProcess owners, Kind kind, String after, int limit) {
        return list(owners, kind, after, limit).entries().size();
    }

    /** The way a node lists for its callers. */
    private static int mergedInBatches(OwnersInProcess owners, Kind kind, int page) {
        String after = kind.after().apply(page);
        int rows = 0;
        boolean more = true;
        while (more && rows < PAGE) {
            ListResult.Page found = list(owners, kind, after, LISTER_BATCH);
            rows += found.entries().size();
            more = found.more();
            after = more
                    ? kind.fold()
                            .beyond(found.entries()
                                    .get(found.entries().size() - 1)
                                    .key())
                    : "";
        }
        return rows;
    }

    private static ListResult.Page list(OwnersInProcess owners, Kind kind, String after, int limit) {
        ListResult result = owners.registers()
                .list(
                        "photos",
                        SHARDS,
                        kind.fold().prefix(),
                        after,
                        kind.fold().delimiter(),
                        limit,
                        true,
                        Duration.ofMinutes(1))
                .join();
        return (ListResult.Page) result;
    }

    /**
     * The best of some rounds, because whatever else runs on the machine can only add to what a page takes; "of all" and the 99th
     * percentile are of all rounds but the first, in which code is compiled.
     */
    private void time(String name, IntUnaryOperator rowsOfPage) {
        double best = Double.MAX_VALUE;
        long cpuNanos = Long.MAX_VALUE;
        int rows = 0;
        List<Double> all = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            long cpuBefore = processor();
            double[] millis = new double[PAGES];
            rows = 0;
            for (int page = 0; page < PAGES; page++) {
                long begin = System.nanoTime();
                rows += rowsOfPage.applyAsInt(page);
                millis[page] = (System.nanoTime() - begin) / 1e6;
            }
            Arrays.sort(millis);
            Arrays.stream(millis).limit(round == 0 ? 0 : PAGES).forEach(all::add);
            best = Math.min(best, millis[PAGES / 2]);
            cpuNanos = Math.min(cpuNanos, processor() - cpuBefore);
        }
        Figure.print(name + ".rows", rows / PAGES);
        Figure.print(name + ".median.millis", best);
        Collections.sort(all);
        Figure.print(name + ".median.of.all.millis", all.get(all.size() / 2));
        Figure.print(name + ".p99.millis", all.get(all.size() * 99 / 100));
        Figure.print(name + ".mean.cpu.millis", cpuNanos / 1e6 / PAGES);
        assertThat(rows).as(name).isPositive();
        if (best >= MOST_MILLIS) {
            slow.add(name + " " + best + " ms");
        }
    }

    /** What all threads of this process have used. */
    private static long processor() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
