package io.keplerfs.disk;

import com.google.common.util.concurrent.Uninterruptibles;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every committed value of a register a second time, beside {@code meta.db}, for the day that {@code meta.db} is lost: with it
 * and the chunk files every file can be restored. It is written after the commit and forced once a second, so it costs no
 * acknowledgement an fsync; a power cut may take its last second, which the next start adds again from {@code meta.db}.
 *
 * <pre>
 * manifests/0000000000000007.all   checkpoint: all there was when segment 8 was begun
 * manifests/0000000000000008.log   segment: what was committed since
 * </pre>
 *
 * <p>When the segments outgrow the checkpoint a new one is written from {@code meta.db}. Steps, and what a crash after each
 * leaves: begin segment n + 1, behind the last one that is below n (one segment more); write {@code n.new} and force it (removed at start); rename it to
 * {@code n.all} (all up to n is read no more); delete what it contains (nothing).
 *
 * <p>Each group of transactions that touches a register has a number, kept in {@code meta.db} in the same commit. A journal that is
 * behind is completed by a checkpoint; until that stands, its segments name it as their base and do not count as complete. A
 * journal that is ahead proves that {@code meta.db} is an older copy, with which the node would break its promises.
 *
 * <p>A journal that cannot be written never fails the store: it stops, says so, and begins anew with a checkpoint.
 *
 * <p>Maintainers: the writer of the metadata appends, {@link #thread} does everything else; they share what is guarded by
 * {@code this}, and that lock is never held while anything is forced or read. {@link #checkpointing} is taken before it.
 */
final class ManifestJournal {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestJournal.class);

    /** How much an acknowledged write may be missing for after a power cut that also takes meta.db. */
    private static final Duration BETWEEN_FORCES = Duration.ofSeconds(1);
    /** Rounds of a second between two tries of what failed. */
    private static final int ROUNDS_TO_RETRY = 60;

    /**
     * @param segmentBytes a segment that has so many is followed by a new one: bounds what a damaged length hides
     * @param slackBytes the segments may outgrow the checkpoint by so much
     */
    record Limits(long segmentBytes, long slackBytes) {
        static final Limits USUAL = new Limits(16L << 20, 64L << 20);
    }

    /** Where a checkpoint gets what is committed. */
    interface Committed {
        List<RegisterRow> registersAfter(@Nullable RegisterKey cursor, int limit) throws IOException;

        List<IntentRow> fastWrites() throws IOException;

        /** Reads every page. */
        boolean isWhole() throws IOException;
    }

    private final DataDirectory directory;
    private final Disk disk;
    private final Limits limits;
    private final Object checkpointing = new Object();
    private final CountDownLatch closing = new CountDownLatch(1);
    private @Nullable Thread thread;
    /** Of the journal's thread, as the next one. */
    private int roundsToWait;

    private boolean trouble;

    // Guarded by this, all of them.
    private long sequence;
    private long newest;
    private long base;
    /** The checkpoint that the newest segment was begun for; while it stands this is of no meaning. */
    private long missing = -1;

    private long segmentsBytes;
    private long checkpointBytes;
    private boolean broken;
    private Disk.@Nullable Output out;
    private long outBytes;
    private boolean dirty;
    private boolean namesAreNew;
    private final List<Disk.Output> ended = new ArrayList<>();

    private ManifestJournal(DataDirectory directory, Disk disk, Limits limits, long sequence) {
        this.directory = directory;
        this.disk = disk;
        this.limits = limits;
        this.sequence = sequence;
    }

    /**
     * @param sequence the number of the last group in {@code meta.db}, 0 for none
     * @param unknown whether registers are in {@code meta.db} that no journal has ever seen
     * @throws IOException if the journal knows a later group
     */
    static ManifestJournal open(DataDirectory directory, Disk disk, Limits limits, long sequence, boolean unknown)
            throws IOException {
        ManifestJournal journal = new ManifestJournal(directory, disk, limits, sequence);
        journal.look(unknown);
        return journal;
    }

    private synchronized void look(boolean unknown) throws IOException {
        removeUnfinished();
        List<JournalFile> all = JournalFile.in(directory.manifests());
        List<JournalFile> files = JournalFile.counting(all);
        newest = all.isEmpty() ? 0 : all.get(all.size() - 1).number();
        base = JournalFile.newestCheckpoint(all);
        for (JournalFile file : files) {
            long size = Files.size(file.path());
            checkpointBytes += file.whole() ? size : 0;
            segmentsBytes += file.whole() ? 0 : size;
        }
        JournalEnd end = JournalEnd.of(files, base);
        if (end.sequence() > sequence) {
            throw new IOException("meta.db in " + directory.root()
                    + " is older than the journal beside it (it ends with"
                    + " transaction " + sequence + ", the journal with " + end.sequence() + "): it was restored from a"
                    + " backup or lost its end, and with it the node would break its promises. Put the newer meta.db back,"
                    + " or make the directory a new member with 'kepler rebuild --from-peers " + directory.root()
                    + "'");
        }
        broken = unknown || end.sequence() < sequence || !end.complete();
        delete(all, files);
    }

    private void removeUnfinished() throws IOException {
        try (Stream<Path> entries = Files.list(directory.manifests())) {
            for (Path path : entries.filter(entry -> entry.toString().endsWith(JournalFile.UNFINISHED))
                    .toList()) {
                Files.delete(path);
            }
        }
    }

    private static void delete(List<JournalFile> all, List<JournalFile> but) throws IOException {
        for (JournalFile file : all) {
            if (!but.contains(file)) {
                Files.deleteIfExists(file.path());
            }
        }
    }

    void start(DiskOptions options, Committed committed) {
        Thread started = options.thread("store-journal", () -> run(committed));
        thread = started;
        started.start();
    }

    /** The number of the next group. */
    synchronized long nextSequence() {
        return sequence + 1;
    }

    /** By the writer, after the commit of the group with the {@linkplain #nextSequence next} number. */
    synchronized void append(JournalBatch batch) {
        sequence++;
        if (broken) {
            return;
        }
        try {
            if (out == null || outBytes >= limits.segmentBytes()) {
                begin(base);
            }
            ByteBuffer bytes = batch.sealed(sequence);
            current().write(bytes);
            outBytes += bytes.remaining();
            segmentsBytes += bytes.remaining();
            dirty = true;
        } catch (IOException failed) {
            stop(failed);
        }
    }

    /** Under the lock. */
    private Disk.Output current() {
        Disk.Output open = out;
        if (open == null) {
            throw new IllegalStateException("no segment is open");
        }
        return open;
    }

    /** Under the lock. */
    private void begin(long after) throws IOException {
        endSegment();
        long number = newest + 1;
        Path path = directory.manifests().resolve(JournalFile.name(number, JournalFile.SEGMENT));
        Disk.Output segment = disk.create(path);
        newest = number;
        out = segment;
        outBytes = JournalFile.HEADER_BYTES;
        namesAreNew = true;
        dirty = true;
        try {
            segment.write(ByteBuffer.wrap(new JournalFile.Header(directory.nodeId(), number, after).toBytes()));
        } catch (IOException failed) {
            // Without its header nothing behind it could be read.
            endSegment();
            broken = true;
            Files.deleteIfExists(path);
            throw failed;
        }
        segmentsBytes += JournalFile.HEADER_BYTES;
    }

    /** Under the lock. */
    private void endSegment() {
        if (out != null) {
            ended.add(out);
            out = null;
        }
    }

    private synchronized void stop(IOException why) {
        if (!broken) {
            LOG.warn(
                    "the manifest journal in {} stopped: {}; the store goes on, and the journal is written anew within a"
                            + " minute of there being room",
                    directory.manifests(),
                    why.toString());
        }
        broken = true;
        endSegment();
    }

    private void run(Committed committed) {
        while (!Uninterruptibles.awaitUninterruptibly(closing, BETWEEN_FORCES)) {
            round(committed);
        }
        tryToForce();
        closeEnded();
    }

    private void round(Committed committed) {
        if (roundsToWait > 0) {
            roundsToWait--;
        } else if (isDue()) {
            try {
                checkpoint(committed);
                trouble = false;
            } catch (IOException | RuntimeException failed) {
                roundsToWait = ROUNDS_TO_RETRY;
                tellOnce(failed);
            }
        }
        tryToForce();
    }

    private void tellOnce(Exception failed) {
        if (!trouble && closing.getCount() > 0) {
            trouble = true;
            LOG.warn(
                    "no checkpoint of the manifest journal in {}: {}; tried again every {} s",
                    directory.manifests(),
                    failed.toString(),
                    ROUNDS_TO_RETRY);
        }
    }

    private synchronized boolean isDue() {
        return broken || segmentsBytes > checkpointBytes + limits.slackBytes();
    }

    private void tryToForce() {
        try {
            force();
            // Half of what chunks leave free: deletes must go on when the disk is full, and they only need meta.db.
            long enough = reserveBytes() / 2;
            if (disk.freeBytes(directory.root()) < enough) {
                throw new IOException("less than " + enough + " bytes are free");
            }
        } catch (IOException failed) {
            stop(failed);
        }
    }

    /** Everything appended before is durable when it returns. */
    void force() throws IOException {
        Disk.Output open;
        boolean names;
        synchronized (this) {
            open = dirty ? out : null;
            names = namesAreNew;
            dirty = false;
            namesAreNew = false;
        }
        closeEnded();
        if (open != null) {
            open.force();
        }
        if (names) {
            disk.forceDirectory(directory.manifests());
        }
    }

    private void closeEnded() {
        List<Disk.Output> closed;
        synchronized (this) {
            closed = List.copyOf(ended);
            ended.clear();
        }
        for (Disk.Output output : closed) {
            try (output) {
                output.force();
            } catch (IOException failed) {
                stop(failed);
            }
        }
    }

    /** Replaces everything by one file. One at a time: {@code checkpointing} is the outer lock and held for as long as it takes. */
    void checkpoint(Committed committed) throws IOException {
        synchronized (checkpointing) {
            checkpointAlone(committed);
        }
    }

    private long reserveBytes() {
        return Store.Usage.reserveBytes(disk.totalBytes(directory.root()));
    }

    private void checkpointAlone(Committed committed) throws IOException {
        makeRoom(committed);
        long number;
        long covers;
        synchronized (this) {
            number = beginBehindCheckpoint();
            covers = sequence;
            // What was left out so far is in the checkpoint alone: without it the new segment is not all.
            base = broken ? number : base;
            broken = false;
        }
        // What is committed from here on is in the new segment.
        Path unfinished = directory.manifests().resolve(JournalFile.name(number, JournalFile.UNFINISHED));
        long bytes;
        try {
            bytes = new JournalCheckpoint(directory, disk, number, () -> closing.getCount() == 0)
                    .write(unfinished, covers, committed);
            disk.rename(unfinished, directory.manifests().resolve(JournalFile.name(number, JournalFile.CHECKPOINT)));
            disk.forceDirectory(directory.manifests());
        } catch (IOException | RuntimeException failed) {
            giveUp(number);
            Files.deleteIfExists(unfinished);
            throw failed;
        }
        forgetUpTo(number, bytes);
    }

    /**
     * Under the lock. The segment that a failed try has begun is good for the next one: repeated on top of a later checkpoint, what is in
     * it comes to the same.
     *
     * @return the number of the checkpoint
     */
    private long beginBehindCheckpoint() throws IOException {
        if (!broken && out != null && newest == missing + 1) {
            return missing;
        }
        long number = newest + 1;
        newest = number;
        begin(broken ? number : base);
        missing = number;
        return number;
    }

    /** What was begun behind a checkpoint that is the only one to make it complete is of no use without it. */
    private void giveUp(long number) throws IOException {
        boolean useless;
        synchronized (this) {
            useless = base == number;
            broken |= useless;
            if (useless) {
                endSegment();
            }
        }
        if (useless) {
            closeEnded();
            deleteSegments(number);
        }
    }

    private void deleteSegments(long above) throws IOException {
        for (JournalFile file : JournalFile.in(directory.manifests())) {
            if (!file.whole() && file.number() > above) {
                long size = Files.size(file.path());
                Files.delete(file.path());
                synchronized (this) {
                    segmentsBytes -= size;
                }
            }
        }
    }

    /**
     * A checkpoint needs about as much as the last one did. If there is no room for it and nothing can be added to the segments any
     * more, they make room: they are behind already, and all that is in them is in meta.db.
     */
    private void makeRoom(Committed committed) throws IOException {
        boolean replaceable;
        long needed;
        synchronized (this) {
            long expected = checkpointBytes > 0 ? checkpointBytes : Files.size(directory.database());
            needed = reserveBytes() + expected;
            long free = disk.freeBytes(directory.root());
            replaceable = broken && segmentsBytes > 0 && free < needed && free + segmentsBytes >= needed;
        }
        if (replaceable && committed.isWhole()) {
            closeEnded();
            deleteSegments(0);
            LOG.warn(
                    "deleted the segments in {} to make room for a checkpoint, which replaces them",
                    directory.manifests());
        }
        long free = disk.freeBytes(directory.root());
        if (free < needed) {
            throw new IOException("only " + free + " bytes are free, " + needed + " are needed");
        }
    }

    private void forgetUpTo(long number, long bytes) throws IOException {
        List<JournalFile> all = JournalFile.in(directory.manifests());
        List<JournalFile> counting = JournalFile.counting(all);
        delete(all, counting);
        synchronized (this) {
            base = number;
            missing = -1;
            checkpointBytes = bytes;
            segmentsBytes = 0;
            for (JournalFile file : counting) {
                segmentsBytes += file.whole() ? 0 : Files.size(file.path());
            }
        }
        LOG.info("wrote a checkpoint of the manifest journal in {}: {} bytes", directory.manifests(), bytes);
    }

    /** Nobody appends any more; what was appended is durable when it returns. */
    void close() {
        closing.countDown();
        Thread running = thread;
        if (running != null) {
            Uninterruptibles.joinUninterruptibly(running);
        }
        synchronized (this) {
            endSegment();
        }
        closeEnded();
    }
}
