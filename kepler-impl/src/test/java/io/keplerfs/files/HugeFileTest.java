package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.GetOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.sim.Figure;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * A sparse terabyte, 262,144 chunks of 4 MiB, through the production upload, manifest, reader and delete. Its bytes are never
 * hashed, stored or copied: names of chunks are counted up, and the store says that it has them.
 */
class HugeFileTest {
    private static final int CHUNK = 4 << 20;
    private static final int QUARTER = 65_536;
    private static final int TERABYTE = 4 * QUARTER;
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final int LOOKS = 25;
    private static final int LOOK_BYTES = 100;

    private final Random random = new Random(1);

    /** Work per file, in calls and changed references. */
    private record Work(long writing, long deleting, int manifestBytes) {}

    /** Leaves what it is asked to fill as it is. */
    private static final class Sparse extends InputStream {
        private long left;

        Sparse(long bytes) {
            left = bytes;
        }

        @Override
        public int read() {
            return left-- > 0 ? 0 : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            int bytes = (int) Math.min(length, left);
            left -= bytes;
            return bytes == 0 && length > 0 ? -1 : bytes;
        }
    }

    @Test
    void aTerabyteIsWrittenReadAtAnyOffsetAndDeletedWithWorkLinearInItsChunks() {
        long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        Work quarter = liveOf(QUARTER);
        Work whole = liveOf(TERABYTE);
        print("quarter", quarter);
        print("terabyte", whole);
        long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
        Figure.print("files.huge.both.cpu.millis", nanos / 1_000_000);

        assertThat((double) whole.writing() / quarter.writing())
                .as("work to write")
                .isLessThan(4.2);
        assertThat((double) whole.deleting() / quarter.deleting())
                .as("work to delete")
                .isLessThan(4.2);
        assertThat(whole.manifestBytes())
                .as("what an overwrite or a listing handles")
                .isLessThan(2_000);
    }

    private static void print(String name, Work work) {
        Figure.print("files.huge." + name + ".write.work", work.writing());
        Figure.print("files.huge." + name + ".delete.work", work.deleting());
        Figure.print("files.huge." + name + ".manifest.bytes", work.manifestBytes());
    }

    private Work liveOf(int chunks) {
        SyntheticChunks store = new SyntheticChunks();
        LifeCluster cluster = new LifeCluster(1, "NONE", store::over);
        Node node = withLargeChunks(cluster.node(1).parts, cluster);

        long before = store.work;
        int manifestBytes = write(cluster, node, (long) chunks * CHUNK);
        final long writing = store.work - before;
        int indexChunks = chunks / Upload.IDS_PER_INDEX;
        assertThat(store.referenced()).hasSize(chunks + indexChunks);
        assertThat(store.bytesWritten).as("index chunks alone").isEqualTo((long) chunks * ChunkId.BYTES);

        readAtRandom(cluster, store, chunks);

        before = store.work;
        cluster.delete(1, "huge");
        cluster.until(() -> !store.dropped.isEmpty());
        assertThat(store.referenced()).isEmpty();
        return new Work(writing, store.work - before, manifestBytes);
    }

    /** The chunks of this cluster's own uploads are small. */
    private static Node withLargeChunks(Node node, LifeCluster cluster) {
        Node.Limits small = node.limits();
        Node.Limits large = new Node.Limits(
                CHUNK,
                small.inlineLimitBytes(),
                new Buffers(CHUNK, 8),
                small.reads(),
                small.longestUpload(),
                small.conflictsKept(),
                small.tombstonesKept());
        // The trace of millions of messages would be most of the heap.
        Node.Workers forgetful = new Node.Workers(
                task -> {
                    cluster.loop.trace().clear();
                    node.workers().hashing().execute(task);
                },
                node.workers().blocking());
        return new Node(
                node.loop(),
                node.rpc(),
                node.store(),
                node.views(),
                node.registers(),
                node.chunks(),
                node.delivery(),
                node.queue(),
                forgetful,
                large,
                node.calls());
    }

    /** Returns the size of the manifest. */
    private static int write(LifeCluster cluster, Node node, long bytes) {
        AtomicLong numbers = new AtomicLong();
        VersionId version = new VersionId(new UUID(1, 1));
        Upload upload = new Upload(
                node,
                version,
                LifeCluster.BUCKET,
                "huge",
                PutOptions.defaults(),
                buffer -> buffer.remaining() == CHUNK
                        ? SyntheticChunks.id(numbers.getAndIncrement())
                        : ChunkId.of(buffer));
        Source source = new Source(new Sparse(bytes), node.workers().blocking(), new PutAttempt("files/huge"));
        Manifest manifest = upload.manifest(cluster.await(upload.store(new byte[0], source)));
        assertThat(upload.owners()).hasSize(1);
        RegisterKey key = new BucketRecord(0, BucketRecord.DEFAULT_SHARDS).registerOf(LifeCluster.BUCKET, "huge");
        Outcome outcome = cluster.await(
                node.registers().change(key, version, false, Change.toAnything(manifest.toBytes()), false, TIMEOUT));
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        return manifest.toBytes().length;
    }

    /** Every look reads one index chunk and one piece of one data chunk, wherever it is. */
    private void readAtRandom(LifeCluster cluster, SyntheticChunks store, int chunks) {
        List<Long> places = new ArrayList<>(List.of(0L, (long) chunks - 1));
        random.longs(LOOKS, 0, chunks).forEach(places::add);
        for (long place : places) {
            int from = random.nextInt(CHUNK - LOOK_BYTES);
            Snapshot snapshot =
                    (Snapshot) cluster.await(cluster.node(1).bucket().snapshotAsync("huge", GetOptions.defaults()));
            assertThat(snapshot.info().sizeBytes()).isEqualTo((long) chunks * CHUNK);
            long readsBefore = store.reads;
            long bytesBefore = store.bytesRead;
            byte[] read = cluster.await(snapshot.read(place * CHUNK + from, LOOK_BYTES));

            ByteBuffer expected = ByteBuffer.allocate(LOOK_BYTES);
            for (int i = 0; i < LOOK_BYTES; i++) {
                expected.put(SyntheticChunks.at(place, from + i));
            }
            assertThat(read).as("chunk %d", place).isEqualTo(expected.array());
            assertThat(store.reads - readsBefore).isEqualTo(2);
            assertThat(store.bytesRead - bytesBefore)
                    .isEqualTo((long) Upload.IDS_PER_INDEX * ChunkId.BYTES + LOOK_BYTES);
        }
    }
}
