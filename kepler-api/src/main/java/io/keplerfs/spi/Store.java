package io.keplerfs.spi;

import io.keplerfs.values.Backlog;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one node keeps: chunks, and the tables of its metadata.
 *
 * <p><b>Threads.</b> Every method may be called from any thread and returns at once; futures complete on threads of the store,
 * which must not be blocked for long.
 *
 * <p><b>Durability.</b> When the future of {@link #write} or {@link #writeChunk} completes, its effect survives a power cut.
 * Transactions run one after the other in the order of their calls; many of them share one commit.
 *
 * <p><b>Failure.</b> If a commit or a chunk write fails (disk full, I/O error) its future fails and the effect is not visible,
 * now or after a restart, or the store turns {@link #failed() failed} and fails every later call. A full disk
 * ({@link DiskFullException}) never makes it failed: it works again when there is room.
 */
public interface Store extends AutoCloseable {
    /** Parts that {@link #reconcile} cuts the chunks into, by the first byte of their hash. */
    int SLICES = 256;

    /** A copy that gives read errors is tried once more after so long before it is given up. */
    Duration READ_AGAIN_AFTER = Duration.ofMinutes(10);

    /** Created with the store, and the same for its whole life. */
    NodeId nodeId();

    /**
     * Runs one transaction on the store's single writer and completes after it is durable. If the function throws, its changes
     * are rolled back, other transactions are unharmed, and the future fails with what it threw.
     */
    <T> CompletableFuture<T> write(Function<Transaction, T> transaction);

    /** Runs a function on a consistent snapshot that contains everything whose future has completed. */
    <T> CompletableFuture<T> read(Function<Snapshot, T> query);

    /**
     * Stores the bytes between position and limit: written aside, checked against the hash, fsynced, renamed, its directory
     * fsynced, its row LIVE. A chunk that is there already is left alone. The buffer is not touched after the future is done.
     * Fails with IllegalArgumentException if the hash does not match, and with {@link DiskFullException} if the bytes would take
     * {@link Usage#reserveBytes}; then nothing was stored.
     */
    CompletableFuture<Void> writeChunk(ChunkId id, ByteBuffer bytes);

    /**
     * Reads part of a chunk and checks it (CRC-32C of each 64 KiB piece touched; with {@code verifyHash} the SHA-256 of the
     * whole). A copy that fails is quarantined; so is one that gives read errors twice, {@link #READ_AGAIN_AFTER} apart, while
     * other chunks can be read. Fails with {@link MissingChunkException} when there is no good copy here, and with another
     * IOException when nobody knows.
     *
     * @param into receives the bytes from its position on; {@code offset} plus its remaining bytes must lie within the chunk
     * @return {@code into} with the limit at the end of the bytes and the position where they begin
     */
    CompletableFuture<ByteBuffer> readChunk(ChunkId id, int offset, ByteBuffer into, boolean verifyHash);

    /**
     * Moves those of the chunks that have no live reference to the trash, where reads do not see them and {@link #restore} finds
     * them. Safe against a pin or a write of the same chunk at the same time: either the reference is seen and the chunk stays,
     * or a later pin is told that it is not LIVE. What is in quarantine and not referenced is forgotten.
     *
     * @return how many were moved or forgotten
     */
    CompletableFuture<Integer> collect(List<ChunkId> chunks);

    /** Brings a chunk back from the trash; false if it is not there. Safe against {@link #purge} at the same time. */
    CompletableFuture<Boolean> restore(ChunkId chunk);

    /**
     * Deletes for good what was moved to the trash at this time or before.
     *
     * @param trashedUntilMillis milliseconds since 1970
     * @return how many chunks
     */
    CompletableFuture<Integer> purge(long trashedUntilMillis);

    /**
     * Compares rows with files in one of {@link #SLICES} parts of the chunks: a file without a row is adopted as an unreferenced
     * chunk if its hash is right and quarantined if not; a row without a file counts as a lost copy. Deletes nothing.
     *
     * @param slice from 0
     * @return how many differences were found
     */
    CompletableFuture<Integer> reconcile(int slice);

    /**
     * Looks for damage in the tables themselves, which may take minutes.
     *
     * @return what is wrong, after which the store is {@link #failed() failed}; empty if nothing is
     */
    default CompletableFuture<Optional<String>> checkTables() {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    /** What is on the disk now; cheap. */
    Usage usage();

    /** Why the store can no longer be trusted to write; empty while it works. */
    Optional<String> failed();

    /** Ends running work, then releases the disk. Idempotent. */
    @Override
    void close();

    /**
     * What is on the disk, and how a disk that fills is shared out: new bytes end first, then copies for repair, and the metadata
     * (deletes above all) has the rest for itself.
     *
     * <pre>
     * free:  ... | nearly full: the trash is emptied early | new bytes are refused | copies are refused | 0
     *            ^ nearlyFullBytes                         ^ newBytesFloor         ^ reserveBytes
     * </pre>
     *
     * @param chunks number of live chunks
     * @param chunkBytes their bytes
     * @param freeBytes left on the disk, {@link Long#MAX_VALUE} if unlimited
     * @param totalBytes size of the disk, {@link Long#MAX_VALUE} if unlimited
     */
    record Usage(long chunks, long chunkBytes, long freeBytes, long totalBytes) {
        /** Of a disk without limits. */
        public Usage(long chunks, long chunkBytes, long freeBytes) {
            this(chunks, chunkBytes, freeBytes, Long.MAX_VALUE);
        }

        /** Kept for the metadata alone: 64 MiB, which its log may need, or 1/32 of a small disk. */
        public long reserveBytes() {
            return reserveBytes(totalBytes);
        }

        /** The same of a disk of this size. */
        public static long reserveBytes(long totalBytes) {
            return Math.min(64L << 20, totalBytes / 32);
        }

        /** Below this no new bytes are taken, so that copies of what the cluster has acknowledged still find room. */
        public long newBytesFloor() {
            return 2 * reserveBytes();
        }

        /** Below this space is given back early: a twentieth of the disk but at most 1 GiB, and some large chunks, above the floor. */
        public long nearlyFullBytes() {
            long share = Math.min(1L << 30, totalBytes / 20);
            return newBytesFloor() + Math.max(share, Math.min(16L << 20, totalBytes / 4));
        }

        /** Whether trash should go early. */
        public boolean isNearlyFull() {
            return freeBytes < nearlyFullBytes();
        }

        /** Whether so many bytes of a new file may be stored. */
        public boolean hasRoomForNew(long bytes) {
            return freeBytes - bytes >= newBytesFloor();
        }

        /** Whether a copy of something that the cluster holds already may be stored. */
        public boolean hasRoomForCopy(long bytes) {
            return freeBytes - bytes >= reserveBytes();
        }
    }

    /**
     * Bytes on the disk that nobody needs.
     *
     * @param trashBytes in the trash
     * @param unreferencedBytes LIVE, without a live reference
     */
    record Space(long trashBytes, long unreferencedBytes) {}

    /** A consistent look at the tables, valid only inside the function it is given to. */
    interface Snapshot {
        /** The register, {@link RegisterRow#untouched} if there is none. */
        RegisterRow register(RegisterKey key);

        /**
         * Registers that are {@link RegisterRow#live}, by the bytes of their keys. Others cost nothing, and of those that are
         * folded into one the first alone costs, and it only its key: an owner answers a page with one call. What is told of
         * each is {@link RegisterRange#told}.
         */
        List<RegisterRow> registers(RegisterRange range);

        /** The same in one shard, without folding. */
        default List<RegisterRow> registers(
                String bucket, int shard, String prefix, @Nullable String after, int limit) {
            return registers(new RegisterRange(bucket, Set.of(shard), new Fold(prefix, ""), after, limit));
        }

        /** Every register above the cursor in the order of {@link RegisterKey}, null from the start. */
        List<RegisterRow> registersAfter(@Nullable RegisterKey cursor, int limit);

        /** Registers above the cursor that are not {@link RegisterRow#live}, tombstones above all; null from the start. */
        List<RegisterRow> tombstonesAfter(@Nullable RegisterKey cursor, int limit);

        /** Whether there is no register at all. */
        boolean hasNoRegisters();

        Optional<ChunkRow> chunk(ChunkId id);

        /** Chunks above the cursor by id, whatever their state, null from the start. */
        List<ChunkRow> chunksAfter(@Nullable ChunkId cursor, int limit);

        /** Who needs the chunk: its live references. */
        List<Pin> pins(ChunkId id);

        /** Every reference to the chunk, dropped ones included. */
        List<Reference> references(ChunkId id);

        /** The reference of this upload to the chunk, whatever its state: one lookup, where a chunk may have a million others. */
        default Optional<Reference> reference(ChunkId id, VersionId upload) {
            return references(id).stream()
                    .filter(reference -> reference.pin().upload().equals(upload))
                    .findFirst();
        }

        /** References above the cursor by chunk, then upload, whatever their state; null from the start. */
        List<Reference> referencesAfter(@Nullable Reference cursor, int limit);

        /** Uploads with references in this state since this time or before, each once, those of the oldest references first. */
        List<Pin> uploadsIn(Reference.State state, long untilMillis, int limit);

        /** Whether references of the upload were dropped here, as far as that is remembered. */
        boolean isDropped(VersionId upload);

        /**
         * What {@link #collect} may be given: chunks, LIVE or in QUARANTINE, that have had no live reference since this time or
         * before, by id above the cursor.
         */
        List<ChunkRow> unreferenced(long untilMillis, @Nullable ChunkId cursor, int limit);

        /** Since when the chunk has had no live reference; empty if it has one, is in the trash or is not here. */
        OptionalLong unreferencedSince(ChunkId id);

        /** What could be freed; walks an index. */
        Space space();

        /**
         * Tasks that are due, oldest due time first.
         *
         * @param target only for this node, null for all
         */
        List<QueueRow> due(@Nullable NodeId target, long nowMillis, int limit);

        /** Tasks for this node at this priority that are due, oldest due time first. Others cost nothing. */
        List<QueueRow> due(NodeId target, Priority priority, long nowMillis, int limit);

        /** What the tasks come to, due or not, by priority, leaving out those that have none; looks at every task. */
        List<Backlog> backlog();

        /** How many tasks there are, due or not. */
        long queued();

        /** How many tasks copy a chunk to one of these nodes, due or not; does not count on beyond {@code most}. */
        long copiesQueued(Set<NodeId> targets, long most);

        List<UploadRow> uploads();

        /** Undelivered fast writes of one register, oldest first. */
        List<IntentRow> intents(RegisterKey key);

        /** Undelivered fast writes of a bucket, or of all when null, by key. */
        List<IntentRow> intents(@Nullable String bucket);

        List<MemberInfo> peers();

        /**
         * Sums of the digests of all items in each partition: as if they were counted in this very snapshot. Partitions whose
         * sum is zero are left out.
         *
         * @param fromPartition from 0
         * @param toPartition exclusive, at most {@link DigestCell#PARTITIONS}
         */
        SortedMap<Integer, Digest> digests(DigestKind kind, int fromPartition, int toPartition);

        /** The sums of one partition's {@link DigestCell#PER_PARTITION} cells, by number; together they are the partition's. */
        List<Digest> digestCells(DigestKind kind, int partition);

        /** What the sum of a cell of registers is made of, in time proportional to its size. */
        List<AcceptedBallot> registersIn(DigestCell cell);

        /** What the sum of a cell of chunks is made of, by chunk and upload, in time proportional to its size. */
        List<Reference> referencesIn(DigestCell cell);

        /** A small named value, such as the clock's high-water mark; empty if it was never put. */
        Optional<byte[]> setting(String name);
    }

    /** A {@link Snapshot} that sees its own changes. */
    interface Transaction extends Snapshot {
        void putRegister(RegisterRow row);

        /** Forgets the register, as if nobody had touched it. Nothing happens if there is none. */
        void removeRegister(RegisterKey key);

        /**
         * Takes the register out of every query, as if nobody had touched it; a store on disk keeps the row elsewhere for an
         * operator to look at. Nothing happens if there is none.
         */
        void setAsideRegister(RegisterKey key);

        /**
         * Records the reference as INTENT, unless there is one of this chunk and upload, in whatever state.
         *
         * @return true if the chunk is LIVE here, so that its bytes need not be sent
         */
        boolean pin(ChunkId chunk, Pin pin);

        /** Records a reference that another owner has: as {@link #pin}, but an INTENT here becomes a REF if it is one there. */
        void copyReference(Reference reference);

        /** The upload was committed: its live references become REF from now on. */
        void confirm(VersionId upload);

        /**
         * Drops every live reference of the upload.
         *
         * @param confirmedOnly whether those in the state INTENT stay, because the upload could still be committed
         * @return the chunks that lost their last live reference
         */
        List<ChunkId> unpin(VersionId upload, boolean confirmedOnly);

        /** Drops every live reference of the upload. */
        default List<ChunkId> unpin(VersionId upload) {
            return unpin(upload, false);
        }

        /** Removes every reference to a chunk that this node need not keep any more. */
        void forgetReferences(ChunkId chunk);

        /**
         * Removes references that were dropped at this time or before.
         *
         * @return how many, at most {@code limit}
         */
        int forgetDropped(long untilMillis, int limit);

        /** Inserts or replaces by (kind, id, target). */
        void enqueue(QueueRow task);

        void dequeue(String kind, byte[] id, NodeId target);

        /**
         * Removes tasks for any node but these, due or not.
         *
         * @return how many, at most {@code limit}
         */
        int dequeueAllBut(Set<NodeId> targets, int limit);

        /** Makes every task that is due later due at this time. */
        void hurry(long nowMillis);

        /** Inserts or replaces by id. */
        void putUpload(UploadRow upload);

        void removeUpload(VersionId id);

        /** Inserts or replaces by (key, id). */
        void putIntent(IntentRow intent);

        void removeIntent(RegisterKey key, VersionId id);

        /** Inserts or replaces by id. */
        void putPeer(MemberInfo peer);

        /**
         * Counts the sum of one cell anew, and from the cells that of its partition; nothing else should ever be needed to keep
         * them right. Cells of one partition may be counted in any order, while others write: each is right from its turn on,
         * and the partition's when all have had theirs. Takes time in proportion to the cell, so give each a transaction.
         *
         * @return whether one of the two was wrong
         */
        boolean recountDigests(DigestCell cell);

        void putSetting(String name, byte[] value);
    }
}
