package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What has reached the disk, and in which order, before anybody is told "done". */
class DurabilityTest {
    @TempDir
    private Path temporary;

    private Path root;
    private RecordingDisk disk;
    private DiskStore store;

    @BeforeEach
    void open() throws IOException {
        root = temporary.resolve("deep/data");
        disk = new RecordingDisk(root);
        store = DiskStore.open(DiskFixture.options(root), disk);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aNewDirectoryGetsItsNameLastAndEveryParentIsForced() {
        assertThat(disk.events())
                .containsExactly(
                        "mkdir outside",
                        "force-dir outside",
                        "mkdir ",
                        "force-dir outside",
                        "create node.json.tmp",
                        "write node.json.tmp",
                        "force node.json.tmp",
                        "force-dir ",
                        "mkdir chunks",
                        "mkdir tmp",
                        "mkdir trash",
                        "mkdir quarantine",
                        "mkdir manifests",
                        "force-dir ",
                        "force-dir ",
                        "rename node.json.tmp node.json",
                        "force-dir ");
    }

    @Test
    void aChunkIsAcknowledgedAfterFileNameParentsAndRowAreForced() {
        byte[] bytes = DiskFixture.randomBytes(1_500_000, 1);
        ChunkId id = ChunkId.of(ByteBuffer.wrap(bytes));
        String leaf =
                "chunks/" + id.toString().substring(0, 2) + "/" + id.toString().substring(2, 4);
        disk.events().clear();

        recordDone(() -> store.writeChunk(id, ByteBuffer.wrap(bytes)));

        assertThat(disk.events())
                .containsExactly(
                        "create tmp/" + id,
                        "write tmp/" + id,
                        "force tmp/" + id,
                        "mkdir " + leaf.substring(0, 9),
                        "force-dir chunks",
                        "mkdir " + leaf,
                        "force-dir " + leaf.substring(0, 9),
                        "rename tmp/" + id + " " + leaf + "/" + id,
                        "force-dir " + leaf,
                        "commit",
                        "done");
    }

    @Test
    void directoriesOfAnEarlierRunAreForcedOnceMore() throws IOException {
        byte[] bytes = DiskFixture.randomBytes(100, 1);
        ChunkId id = ChunkId.of(ByteBuffer.wrap(bytes));
        String first = id.toString().substring(0, 2);
        String second = id.toString().substring(2, 4);
        Files.createDirectories(root.resolve("chunks").resolve(first).resolve(second));
        disk.events().clear();

        done(store.writeChunk(id, ByteBuffer.wrap(bytes)));
        done(store.collect(List.of(id)));
        done(store.writeChunk(id, ByteBuffer.wrap(bytes)));

        assertThat(disk.events()).containsOnlyOnce("force-dir chunks", "force-dir chunks/" + first);
    }

    @Test
    void aTransactionIsAcknowledgedAfterItsCommit() {
        disk.events().clear();

        recordDone(() -> store.write(transaction -> {
            transaction.putSetting("a", new byte[1]);
            return true;
        }));

        assertThat(disk.events()).containsExactly("commit", "done");
    }

    @Test
    void whateverWaitsSharesOneCommit() {
        disk.events().clear();
        List<CompletableFuture<?>> group = new ArrayList<>();

        done(store.write(outer -> {
            for (int i = 0; i < 100; i++) {
                String name = "s" + i;
                group.add(store.write(transaction -> {
                    transaction.putSetting(name, new byte[1]);
                    return true;
                }));
            }
            return true;
        }));

        group.forEach(DiskFixture::done);
        assertThat(disk.events()).containsExactly("commit", "commit");
    }

    @Test
    void aCopyTakenRightAfterTheAcknowledgementHasEverything() throws IOException {
        for (int i = 0; i < 20; i++) {
            byte[] bytes = DiskFixture.randomBytes(70_000, i);
            ChunkId id = ChunkId.of(ByteBuffer.wrap(bytes));
            byte[] value = {(byte) i};
            done(store.writeChunk(id, ByteBuffer.wrap(bytes)));
            done(store.write(transaction -> {
                transaction.putSetting("last", value);
                return true;
            }));

            Path copy = temporary.resolve("copy" + i);
            DiskFixture.copy(root, copy);
            try (Store recovered = DiskStore.open(DiskFixture.options(copy))) {
                assertThat(recovered.nodeId()).isEqualTo(store.nodeId());
                assertThat(DiskFixture.setting(recovered, "last")).hasValue(value);
                ByteBuffer into = ByteBuffer.allocate(bytes.length);
                done(recovered.readChunk(id, 0, into, true));
                assertThat(into.array()).isEqualTo(bytes);
                assertThat(recovered.usage().chunks()).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void sqliteForcesItsLogAtEveryCommitUnlessFsyncIsOff() throws IOException {
        assertThat(synchronous(store)).isEqualTo(2);

        DiskOptions on = DiskFixture.options(temporary.resolve("unsafe"));
        DiskOptions off = new DiskOptions(
                on.directory(), on.label(), false, on.threads(), on.workers(), on.newNodeId(), on.wallMillis());
        try (DiskStore unsafe = DiskStore.open(off)) {
            assertThat(synchronous(unsafe)).isZero();
        }
    }

    private static long synchronous(Store store) {
        return done(store.write(
                transaction -> ((SqlTransaction) transaction).tables().sql().number("PRAGMA synchronous")));
    }

    /** Adds "done" to the events when the call's future completes, watched from before its first effect. */
    private void recordDone(Supplier<CompletableFuture<?>> call) {
        CountDownLatch gate = disk.hold();
        CompletableFuture<?> told = call.get().thenRun(() -> disk.record("done"));
        gate.countDown();
        done(told);
    }
}
