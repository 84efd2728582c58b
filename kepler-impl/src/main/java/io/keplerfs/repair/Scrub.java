package io.keplerfs.repair;

import io.keplerfs.RepairWork;
import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Views;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hashes every chunk of this disk anew within {@link LifeTimes#scrub}, in the order of their ids, one at a time with pauses, so that
 * foreground work hardly notices; a copy that is damaged or missing is quarantined by the store and fetched from another
 * node. So is one that gives read errors, if it does so again ({@link SecondLooks}). Owned by the loop.
 *
 * <p>A round begins every half of that time and is paced to be done by the next, so that no chunk waits longer than the whole,
 * whatever its place in the order was. How far it is survives a restart. Once a round the tables are checked, too.
 *
 * <p>A chunk that no node has a good copy of stays in every quarantine and is reported in every round.
 */
public final class Scrub implements LongWork {
    /** Small disks are done sooner; a floor keeps a round from lasting two weeks for a few files. */
    static final long SLOWEST = 256 * 1024;
    /** By itself it takes no more of a disk than this. */
    static final long FASTEST = 20_000_000;
    /** Between two chunks, however small. */
    private static final Duration LEAST_PAUSE = Duration.ofMillis(5);

    private static final Duration SAVE_EVERY = Duration.ofSeconds(10);
    /** After the store refused, and between looks whether a round is due. */
    private static final Duration LOOK_EVERY = Duration.ofMinutes(1);

    /** While too much is owed to this node: the queue copies some of it meanwhile. */
    private static final Duration WAIT_FOR_QUEUE = Duration.ofSeconds(10);
    /** Should the queue not get on at all, the rest of the disk is looked at all the same. */
    private static final Duration PATIENCE = Duration.ofDays(1);

    private static final int PAGE = 256;
    private static final Logger log = LoggerFactory.getLogger(Scrub.class);

    private final Loop loop;
    private final Store store;
    private final Recovery recovery;
    private final SecondLooks secondLooks;
    private final Duration roundEvery;
    private final LongSupplier throttle;
    private final Deque<ChunkRow> page = new ArrayDeque<>();

    private @Nullable ScrubRound round;
    private @Nullable Instant lastFinished;
    private long lostEverywhere;
    /** How often in a row a chunk had to wait for the queue. */
    private long waits;

    private boolean started;
    private boolean paused;
    /** A step is under way, or one is scheduled. */
    private boolean busy;

    private Loop.@Nullable Timer next;
    private long savedNanos;
    /** Where the measured rate begins. */
    private long measuredFromNanos;

    private long measuredBytes;

    /** @param bytesPerSecond what an operator allows for repair now */
    public Scrub(
            Loop loop,
            NodeId self,
            Store store,
            Views views,
            ChunkDelivery delivery,
            LifeTimes ages,
            LongSupplier bytesPerSecond) {
        this(loop, store, new LostCopies(loop, self, store, views, delivery), ages.scrub(), bytesPerSecond);
    }

    Scrub(Loop loop, Store store, Recovery recovery, Duration within, LongSupplier bytesPerSecond) {
        this.loop = loop;
        this.store = store;
        this.recovery = recovery;
        this.secondLooks = new SecondLooks(loop, store, recovery, () -> paused);
        this.roundEvery = within.dividedBy(2);
        this.throttle = bytesPerSecond;
    }

    /** Goes on where an earlier run was. On the loop, once. */
    public void start() {
        loop.when(store.read(tables -> tables.setting(ScrubRound.SETTING)), (setting, failure) -> {
            if (setting == null) {
                log.debug("the scrub could not read where it was: {}", String.valueOf(failure));
                loop.schedule(LOOK_EVERY, this::start);
                return;
            }
            if (round == null) {
                round = setting.map(ScrubRound::of).orElse(null);
                savedNanos = loop.nanoTime();
                measureAnew();
            }
            started = true;
            goOn(Duration.ZERO);
        });
    }

    @Override
    public RepairWork progress() {
        ScrubRound now = round;
        Store.Usage usage = store.usage();
        boolean running = now != null && !now.ended();
        RepairWork.State state =
                paused ? RepairWork.State.PAUSED : running ? RepairWork.State.RUNNING : RepairWork.State.WAITING;
        long chunks = now == null ? 0 : now.chunks();
        long bytes = now == null ? 0 : now.bytes();
        return new RepairWork(
                "scrub",
                state,
                chunks,
                running ? Math.max(chunks, usage.chunks()) : chunks,
                bytes,
                running ? Math.max(bytes, usage.chunkBytes()) : bytes,
                running && !paused ? measuredRate() : 0,
                now == null ? 0 : now.found(),
                Optional.ofNullable(lastFinished));
    }

    private long measuredRate() {
        long nanos = loop.nanoTime() - measuredFromNanos;
        return nanos <= 0 ? 0 : (long) (measuredBytes * 1e9 / nanos);
    }

    /** A full round from the beginning, in the place of one that began by itself, as fast as the operator allows. */
    @Override
    public void startNow() {
        ScrubRound now = round;
        if (now == null || now.ended() || !now.urgent()) {
            begin(true);
        }
        resume();
    }

    @Override
    public void pause() {
        paused = true;
        save();
    }

    @Override
    public void resume() {
        if (paused) {
            paused = false;
            measureAnew();
        }
        hurry();
    }

    private void measureAnew() {
        measuredFromNanos = loop.nanoTime();
        measuredBytes = 0;
    }

    /** The next step now, if it only waits for its time. */
    private void hurry() {
        if (next != null) {
            next.cancel();
            next = null;
            busy = false;
        }
        if (started) {
            goOn(Duration.ZERO);
        }
    }

    private void goOn(Duration delay) {
        if (!busy) {
            busy = true;
            next = loop.schedule(delay, () -> {
                next = null;
                step();
            });
        }
    }

    private void endStep(Duration delay) {
        busy = false;
        if (!paused) {
            goOn(delay);
        }
    }

    private void step() {
        if (paused) {
            busy = false;
            return;
        }
        ScrubRound now = round;
        if (now == null || (now.ended() && isDue(now))) {
            begin(false);
            endStep(Duration.ZERO);
        } else if (now.ended()) {
            endStep(LOOK_EVERY.compareTo(roundEvery) < 0 ? LOOK_EVERY : roundEvery);
        } else if (page.isEmpty()) {
            turnPage(now);
        } else {
            look(page.remove(), now);
        }
    }

    /** A clock that was set back must not put the next round off. */
    private boolean isDue(ScrubRound ended) {
        long since = loop.wallMillis() - ended.startedMillis();
        return since < 0 || since >= roundEvery.toMillis();
    }

    private void begin(boolean urgent) {
        round = ScrubRound.begin(loop.wallMillis(), urgent);
        page.clear();
        lostEverywhere = 0;
        waits = 0;
        measureAnew();
        save();
    }

    private void turnPage(ScrubRound now) {
        loop.when(store.read(tables -> tables.chunksAfter(now.cursor(), PAGE)), (rows, failure) -> {
            if (rows == null) {
                log.debug("the scrub could not read the tables: {}", String.valueOf(failure));
                endStep(LOOK_EVERY);
            } else if (isAnother(now)) {
                endStep(Duration.ZERO);
            } else if (rows.isEmpty()) {
                checkTables(now);
            } else {
                page.addAll(rows);
                endStep(Duration.ZERO);
            }
        });
    }

    /** Whether a round was begun anew while something of the one before was under way. */
    private boolean isAnother(ScrubRound before) {
        return !before.equals(round);
    }

    private void look(ChunkRow row, ScrubRound now) {
        long beganNanos = loop.nanoTime();
        switch (row.state()) {
            case TRASH -> passed(row, now, Cost.NOTHING, 0, beganNanos);
            case QUARANTINE -> mend(row, now, beganNanos);
            case LIVE ->
                loop.when(store.readChunk(row.id(), 0, ByteBuffer.allocate(0), true), (whole, failure) -> {
                    if (failure == null) {
                        passed(row, now, Cost.hashed(row), 0, beganNanos);
                    } else if (failure instanceof MissingChunkException) {
                        mend(row, now, beganNanos);
                    } else {
                        unreadable(row, now, failure, beganNanos);
                    }
                });
        }
    }

    private void mend(ChunkRow row, ScrubRound now, long beganNanos) {
        loop.when(recovery.mend(row), (outcome, failure) -> {
            if (outcome == null || outcome == Recovery.Outcome.LATER) {
                waitForQueue(row, now, beganNanos);
                return;
            }
            waits = 0;
            if (outcome == Recovery.Outcome.LOST_EVERYWHERE) {
                lostEverywhere++;
            }
            if (outcome == Recovery.Outcome.NOT_LOST || isOldAndNotNeeded(row, outcome)) {
                passed(row, now, Cost.NOTHING, 0, beganNanos);
            } else {
                passed(row, now, Cost.elsewhere(row), 1, beganNanos);
            }
        });
    }

    /** It was counted in the round that found it damaged. */
    private static boolean isOldAndNotNeeded(ChunkRow row, Recovery.Outcome outcome) {
        return row.state() == ChunkRow.State.QUARANTINE && outcome == Recovery.Outcome.NOT_NEEDED;
    }

    private void waitForQueue(ChunkRow row, ScrubRound now, long beganNanos) {
        if (waits * WAIT_FOR_QUEUE.toNanos() < PATIENCE.toNanos()) {
            waits++;
            putBack(row, now, WAIT_FOR_QUEUE);
        } else {
            passed(row, now, Cost.elsewhere(row), 1, beganNanos);
        }
    }

    private void putBack(ChunkRow row, ScrubRound before, Duration pause) {
        if (isAnother(before)) {
            endStep(Duration.ZERO);
        } else {
            page.addFirst(row);
            endStep(pause);
        }
    }

    /** One read error says nothing of the copy, so it is read again later; and a busy store says nothing of the disk. */
    private void unreadable(ChunkRow row, ScrubRound now, Throwable failure, long beganNanos) {
        if (store.failed().isPresent() || failure.getCause() instanceof RejectedExecutionException) {
            putBack(row, now, LOOK_EVERY);
        } else {
            log.warn("chunk {} cannot be read: {}; check this node's disk", row.id(), failure.toString());
            secondLooks.add(row);
            passed(row, now, Cost.NOTHING, 1, beganNanos);
        }
    }

    /**
     * What one chunk cost.
     *
     * @param hashed bytes of this disk, which bring the round nearer to its end
     * @param elsewhere bytes that another node may have had to hash
     */
    private record Cost(long hashed, long elsewhere) {
        static final Cost NOTHING = new Cost(0, 0);

        static Cost hashed(ChunkRow row) {
            return new Cost(row.sizeBytes(), 0);
        }

        static Cost elsewhere(ChunkRow row) {
            return new Cost(0, row.sizeBytes());
        }
    }

    private void passed(ChunkRow row, ScrubRound before, Cost cost, int damages, long beganNanos) {
        if (isAnother(before)) {
            endStep(Duration.ZERO);
            return;
        }
        ScrubRound now = before.passed(row.id(), cost.hashed(), damages);
        round = now;
        measuredBytes += cost.hashed();
        if (loop.nanoTime() - savedNanos >= SAVE_EVERY.toNanos()) {
            save();
        }
        long payNanos = (long) (cost.hashed() * 1e9 / rate(now) + cost.elsewhere() * 1e9 / mostRate(now));
        long left = Math.max(LEAST_PAUSE.toNanos(), payNanos - (loop.nanoTime() - beganNanos));
        endStep(Duration.ofNanos(left));
    }

    /** Bytes per second that bring the round to its end in time. */
    private long rate(ScrubRound now) {
        if (now.urgent()) {
            return mostRate(now);
        }
        long leftMillis = Math.max(1, now.startedMillis() + roundEvery.toMillis() - loop.wallMillis());
        long leftBytes = Math.max(0, store.usage().chunkBytes() - now.bytes());
        // A little less than needed below a byte per millisecond, where the floor is more.
        long needed = leftBytes / leftMillis * 1000;
        return Math.min(mostRate(now), Math.max(SLOWEST, needed));
    }

    /** What is lost is mended at this rate: no round's end is soon enough for it. */
    private long mostRate(ScrubRound now) {
        return now.urgent() ? throttle.getAsLong() : Math.min(FASTEST, throttle.getAsLong());
    }

    private void checkTables(ScrubRound now) {
        loop.when(store.checkTables(), (damage, failure) -> {
            if (damage != null && damage.isPresent()) {
                log.error("the tables of this node are damaged: {}", damage.get());
            } else if (failure != null) {
                log.warn("the tables of this node could not be checked: {}", failure.toString());
            }
            if (!isAnother(now)) {
                end(now);
            }
            endStep(Duration.ZERO);
        });
    }

    private void end(ScrubRound now) {
        round = now.end();
        lastFinished = Instant.ofEpochMilli(loop.wallMillis());
        save();
        if (now.chunks() == 0) {
            log.debug("scrub: no chunks");
        } else if (now.found() == 0) {
            log.info("scrub: {} chunks, {} bytes hashed, all as they should be", now.chunks(), now.bytes());
        } else {
            log.warn(
                    "scrub: of {} chunks {} were damaged, missing or unreadable here, {} of them on every node; check this"
                            + " node's disk",
                    now.chunks(),
                    now.found(),
                    lostEverywhere);
        }
    }

    private void save() {
        ScrubRound now = round;
        savedNanos = loop.nanoTime();
        if (now == null) {
            return;
        }
        store.write(tables -> {
                    tables.putSetting(ScrubRound.SETTING, now.toBytes());
                    return true;
                })
                .whenComplete((saved, failure) -> {
                    if (failure != null) {
                        log.debug("how far the scrub is was not saved: {}", failure.toString());
                    }
                });
    }
}
