package io.keplerfs.repair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.RepairWork;
import io.keplerfs.memory.MemoryStore;
import io.keplerfs.repair.Recovery.Outcome;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pace and the memory of the scrub, under virtual time; what it finds on real disks is the subject of ScrubIT. */
class ScrubTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration WITHIN = Duration.ofDays(30);
    private static final int CHUNKS = 600;
    private static final int SIZE = 1_000;
    private static final long THROTTLE = 50_000_000;

    private final SimLoop world = new SimLoop(1);
    private final Map<ChunkId, List<Long>> hashedAtMillis = new HashMap<>();
    private final Set<ChunkId> missing = new HashSet<>();
    private final Set<ChunkId> unreadable = new HashSet<>();
    private final List<ChunkId> mended = new ArrayList<>();
    private final Set<ChunkId> quarantined = new HashSet<>();
    private boolean overloaded;
    private long rateLimit = THROTTLE;
    private Outcome outcome = Outcome.UNDER_WAY;
    private int underWay;
    private int mostUnderWay;
    private SimProcess life = new SimProcess(world, 0);
    private Store store;
    private Scrub scrub;

    @BeforeEach
    void storeChunks() {
        MemoryStore memory =
                new MemoryStore(new NodeId(new UUID(0, 1)), task -> world.after(50_000, task), life::wallMillis);
        for (int i = 0; i < CHUNKS; i++) {
            ByteBuffer bytes = ByteBuffer.allocate(SIZE).putInt(0, i);
            memory.writeChunk(ChunkId.of(bytes), bytes);
        }
        world.runUntil(() -> memory.usage().chunks() == CHUNKS, DAY);
        store = LostCopiesTest.quarantining(watched(memory), quarantined);
        boot();
    }

    private void boot() {
        scrub = new Scrub(life, store, this::mend, WITHIN, () -> rateLimit);
        life.execute(scrub::start);
    }

    private CompletableFuture<Outcome> mend(ChunkRow row) {
        mended.add(row.id());
        return CompletableFuture.completedFuture(outcome);
    }

    private Store watched(MemoryStore memory) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, given) -> {
                    if (method.getName().equals("readChunk")) {
                        return hash((ChunkId) given[0]);
                    }
                    try {
                        return method.invoke(memory, given);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }

    private CompletableFuture<ByteBuffer> hash(ChunkId chunk) {
        CompletableFuture<ByteBuffer> hashed = new CompletableFuture<>();
        mostUnderWay = Math.max(mostUnderWay, ++underWay);
        world.after(1_000_000, () -> {
            underWay--;
            if (missing.contains(chunk)) {
                hashed.completeExceptionally(new MissingChunkException(chunk, "quarantined"));
            } else if (overloaded) {
                hashed.completeExceptionally(new IOException("10000 tasks wait", new RejectedExecutionException()));
            } else if (unreadable.contains(chunk)) {
                hashed.completeExceptionally(new IOException("input/output error"));
            } else {
                hashedAtMillis.computeIfAbsent(chunk, id -> new ArrayList<>()).add(life.wallMillis());
                hashed.complete(ByteBuffer.allocate(0));
            }
        });
        return hashed;
    }

    private void pass(Duration time) {
        world.runUntil(() -> false, time);
    }

    private boolean ended() {
        return scrub.progress().state() == RepairWork.State.WAITING
                && scrub.progress().lastFinished().isPresent();
    }

    private List<ChunkId> some(int count) {
        List<ChunkId> ids = new ArrayList<>();
        CompletableFuture<List<ChunkRow>> rows = store.read(tables -> tables.chunksAfter(null, count));
        world.runUntil(rows::isDone, DAY);
        rows.join().forEach(row -> ids.add(row.id()));
        return ids;
    }

    @Test
    void everyChunkIsHashedWithinTheTimeAgainAndAgainOneAtATime() {
        pass(WITHIN.multipliedBy(3));

        assertThat(hashedAtMillis).hasSize(CHUNKS);
        hashedAtMillis.values().forEach(times -> {
            assertThat(times).hasSizeGreaterThanOrEqualTo(5);
            for (int i = 1; i < times.size(); i++) {
                assertThat(times.get(i) - times.get(i - 1)).isLessThanOrEqualTo(WITHIN.toMillis());
            }
        });
        assertThat(mostUnderWay).isEqualTo(1);
    }

    @Test
    void itTakesNoMoreOfTheDiskThanItNeedsAndSaysHowFarItIs() {
        pass(Duration.ofSeconds(1));

        RepairWork early = scrub.progress();
        assertThat(early.name()).isEqualTo("scrub");
        assertThat(early.state()).isEqualTo(RepairWork.State.RUNNING);
        assertThat(early.doneBytes()).isBetween(1L, 2 * Scrub.SLOWEST);
        assertThat(early.total()).isEqualTo(CHUNKS);
        assertThat(early.totalBytes()).isEqualTo((long) CHUNKS * SIZE);
        assertThat(early.bytesPerSecond()).isBetween(1L, 2 * Scrub.SLOWEST);

        world.runUntil(this::ended, DAY);
        assertThat(scrub.progress().done()).isEqualTo(CHUNKS);
        assertThat(scrub.progress().doneBytes()).isEqualTo((long) CHUNKS * SIZE);
        assertThat(scrub.progress().found()).isZero();
    }

    @Test
    void aRestartGoesOnWhereTheRoundWas() {
        world.runUntil(() -> scrub.progress().done() == CHUNKS / 4, DAY);
        scrub.pause();
        pass(Duration.ofSeconds(1));
        Set<ChunkId> before = Set.copyOf(hashedAtMillis.keySet());
        life.kill();
        life = new SimProcess(world, 0);
        hashedAtMillis.clear();
        boot();

        world.runUntil(this::ended, DAY);

        assertThat(scrub.progress().done()).isEqualTo(CHUNKS);
        Set<ChunkId> twice = new HashSet<>(hashedAtMillis.keySet());
        twice.retainAll(before);
        assertThat(twice).as("hashed by both lives").hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void whatIsDamagedOrMissingIsMendedAndWhatCannotBeReadOnceIsLeftAlone() {
        List<ChunkId> ids = some(20);
        missing.addAll(ids.subList(0, 5));
        unreadable.addAll(ids.subList(10, 13));

        world.runUntil(this::ended, DAY);

        assertThat(mended).containsExactlyInAnyOrderElementsOf(missing);
        assertThat(scrub.progress().found()).isEqualTo(8);
        assertThat(hashedAtMillis).hasSize(CHUNKS - 8);
    }

    @Test
    void whatCannotBeReadTwiceIsGivenUpByTheStoreAndMendedWithoutWaitingForTheNextRound() {
        List<ChunkId> ids = some(20);
        unreadable.addAll(ids.subList(10, 13));
        world.runUntil(this::ended, DAY);
        assertThat(mended).isEmpty();
        // As the store does when the second error comes; one of the three was a cable.
        missing.addAll(ids.subList(10, 12));
        unreadable.clear();
        outcome = Outcome.LATER;

        pass(Store.READ_AGAIN_AFTER.plusMinutes(2));

        assertThat(mended).containsExactlyInAnyOrderElementsOf(ids.subList(10, 12));
        outcome = Outcome.UNDER_WAY;
        pass(Store.READ_AGAIN_AFTER.plusMinutes(2));
        assertThat(mended).as("tried until they were owed").hasSize(4);
        assertThat(hashedAtMillis.get(ids.get(12))).hasSize(1);
        assertThat(scrub.progress().found()).as("counted once").isEqualTo(3);
        pass(Duration.ofHours(2));
        assertThat(mended).hasSize(4);
    }

    @Test
    void aPauseHoldsSecondLooksUp() {
        unreadable.addAll(some(1));
        world.runUntil(this::ended, DAY);
        missing.addAll(unreadable);
        life.execute(scrub::pause);
        pass(Store.READ_AGAIN_AFTER.multipliedBy(3));
        assertThat(mended).isEmpty();

        life.execute(scrub::resume);
        pass(Store.READ_AGAIN_AFTER.multipliedBy(2));

        assertThat(mended).hasSize(1);
    }

    @Test
    void aChunkThatWasCollectedMeanwhileIsNoDamage() {
        outcome = Outcome.NOT_LOST;
        missing.addAll(some(3));

        world.runUntil(this::ended, DAY);

        assertThat(mended).hasSize(3);
        assertThat(scrub.progress().found()).isZero();
    }

    @Test
    void aChunkThatIsBadEverywhereIsReportedInEveryRoundAndEndsNone() {
        outcome = Outcome.LOST_EVERYWHERE;
        missing.addAll(some(3));

        pass(WITHIN);

        assertThat(mended).hasSizeGreaterThanOrEqualTo(6);
        assertThat(scrub.progress().found()).isEqualTo(3);
    }

    @Test
    void anOperatorsRoundBeginsAtTheBeginningAndAtTheThrottleOfTheNode() {
        world.runUntil(() -> scrub.progress().done() == CHUNKS / 2, DAY);
        hashedAtMillis.clear();
        life.execute(scrub::startNow);

        pass(Duration.ofMillis(CHUNKS * 7));

        assertThat(hashedAtMillis).hasSize(CHUNKS);
        assertThat(ended()).isTrue();
    }

    @Test
    void aPauseHoldsItUpUntilItIsResumed() {
        pass(Duration.ofSeconds(1));
        life.execute(scrub::pause);
        pass(Duration.ofSeconds(1));
        long done = scrub.progress().done();
        assertThat(scrub.progress().state()).isEqualTo(RepairWork.State.PAUSED);
        pass(DAY);
        assertThat(scrub.progress().done()).isEqualTo(done);

        life.execute(scrub::resume);
        world.runUntil(this::ended, DAY);

        assertThat(scrub.progress().done()).isEqualTo(CHUNKS);
        assertThat(mostUnderWay).isEqualTo(1);
    }

    @Test
    void aClockThatIsSetBackDoesNotPutTheNextRoundOff() {
        world.runUntil(this::ended, DAY);
        life.jump(Duration.ofDays(-1_000));
        hashedAtMillis.clear();

        pass(DAY);

        assertThat(hashedAtMillis).hasSize(CHUNKS);
    }

    @Test
    void aChunkThatCannotBeQueuedNowIsAskedForAgainBeforeAnyOther() {
        List<ChunkId> ids = some(20);
        missing.add(ids.get(4));
        outcome = Outcome.LATER;
        pass(Duration.ofHours(1));
        assertThat(scrub.progress().done()).isEqualTo(4);
        assertThat(scrub.progress().found()).isZero();
        assertThat(mended).hasSizeBetween(300, 400).containsOnly(ids.get(4));

        outcome = Outcome.UNDER_WAY;
        world.runUntil(this::ended, Duration.ofHours(1));

        assertThat(hashedAtMillis).hasSize(CHUNKS - 1);
        assertThat(scrub.progress().found()).isEqualTo(1);
    }

    @Test
    void aQueueThatNeverGetsOnDoesNotKeepTheRestOfTheDiskFromBeingHashed() {
        missing.addAll(some(20).subList(5, 10));
        outcome = Outcome.LATER;

        world.runUntil(this::ended, Duration.ofDays(2));

        assertThat(hashedAtMillis).hasSize(CHUNKS - 5);
        assertThat(scrub.progress().found()).isEqualTo(5);
    }

    @Test
    void whatOtherNodesHashForALostCopyIsPaidFor() {
        quarantined.addAll(some(CHUNKS));
        rateLimit = 10_000;

        pass(Duration.ofSeconds(30));

        assertThat(mended).as("of 1,000 bytes each").hasSizeBetween(290, 310);
    }

    @Test
    void anOldCopyThatNobodyNeedsIsNoDamageOfThisRound() {
        quarantined.addAll(some(3));
        missing.addAll(some(5).subList(3, 5));
        outcome = Outcome.NOT_NEEDED;

        world.runUntil(this::ended, DAY);

        assertThat(scrub.progress().found()).as("found damaged in this round").isEqualTo(2);
    }

    @Test
    void aStoreThatIsBusyIsNoBadDisk() {
        pass(Duration.ofMillis(100));
        overloaded = true;
        pass(Duration.ofMinutes(10));
        assertThat(scrub.progress().state()).isEqualTo(RepairWork.State.RUNNING);
        overloaded = false;

        world.runUntil(this::ended, DAY);

        assertThat(scrub.progress().found()).isZero();
        assertThat(hashedAtMillis).hasSize(CHUNKS);
    }
}
