package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.StoreUnderTest.absentChunk;
import static io.keplerfs.spi.contract.StoreUnderTest.done;
import static io.keplerfs.spi.contract.StoreUnderTest.failure;
import static io.keplerfs.spi.contract.StoreUnderTest.pin;
import static io.keplerfs.spi.contract.StoreUnderTest.randomBytes;
import static io.keplerfs.spi.contract.StoreUnderTest.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Chunks: stored once and checked, read in any part, kept while referenced, gone when collected. */
interface ChunkContract extends StoreUnderTest {
    int PIECE = 64 * 1024;

    @Test
    default void aStoredChunkIsLiveAndReadsBack() {
        byte[] bytes = randomBytes(3 * PIECE + 17, 1);

        ChunkId id = stored(bytes);

        assertThat(this.<Optional<ChunkRow>>read(snapshot -> snapshot.chunk(id)))
                .contains(new ChunkRow(id, bytes.length, ChunkRow.State.LIVE));
        assertThat(readChunk(id, 0, bytes.length, false)).isEqualTo(bytes);
        assertThat(readChunk(id, 0, bytes.length, true)).isEqualTo(bytes);
    }

    @Test
    default void anEmptyChunkIsAChunk() {
        ChunkId id = stored(new byte[0]);

        assertThat(readChunk(id, 0, 0, true)).isEmpty();
        assertThat(store().usage().chunks()).isEqualTo(1);
    }

    @Test
    default void onlyTheBytesBetweenPositionAndLimitAreStored() {
        byte[] bytes = randomBytes(1_000, 2);
        for (ByteBuffer buffer :
                List.of(ByteBuffer.wrap(bytes), ByteBuffer.allocateDirect(1_000).put(0, bytes))) {
            ByteBuffer part = buffer.position(100).limit(900);
            ChunkId id = ChunkId.of(part);

            done(store().writeChunk(id, part));

            assertThat(part.position()).isEqualTo(100);
            assertThat(readChunk(id, 0, 800, true)).isEqualTo(Arrays.copyOfRange(bytes, 100, 900));
        }
    }

    @Test
    default void bytesThatAreNotTheChunkAreRefused() {
        ChunkId id = ChunkId.of(ByteBuffer.wrap(randomBytes(100, 1)));

        assertThat(failure(store().writeChunk(id, ByteBuffer.wrap(randomBytes(100, 2)))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(id.toString());

        assertThat(this.<Optional<ChunkRow>>read(snapshot -> snapshot.chunk(id)))
                .isEmpty();
        assertThat(failure(store().readChunk(id, 0, ByteBuffer.allocate(1), false)))
                .isInstanceOf(MissingChunkException.class);
        assertThat(store().usage().chunks()).isZero();
    }

    @Test
    default void wrongBytesForAChunkThatIsThereAreRefusedAndHarmless() {
        byte[] bytes = randomBytes(100, 1);
        ChunkId id = stored(bytes);

        assertThat(failure(store().writeChunk(id, ByteBuffer.wrap(randomBytes(100, 2)))))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(readChunk(id, 0, 100, true)).isEqualTo(bytes);
    }

    @Test
    default void aChunkWrittenTwiceIsStoredOnce() {
        byte[] bytes = randomBytes(5_000, 3);
        ChunkId id = stored(bytes);

        stored(bytes);

        assertThat(readChunk(id, 0, 5_000, true)).isEqualTo(bytes);
        assertThat(store().usage().chunks()).isEqualTo(1);
        assertThat(store().usage().chunkBytes()).isEqualTo(5_000);
    }

    @Test
    default void theSameChunkWrittenByManyAtOnceIsStoredOnce() {
        byte[] bytes = randomBytes(200_000, 4);
        ChunkId id = ChunkId.of(ByteBuffer.wrap(bytes));
        List<CompletableFuture<Void>> writes = IntStream.range(0, 16)
                .mapToObj(i -> store().writeChunk(id, ByteBuffer.wrap(bytes)))
                .toList();

        writes.forEach(StoreUnderTest::done);

        assertThat(readChunk(id, 0, bytes.length, true)).isEqualTo(bytes);
        assertThat(store().usage().chunks()).isEqualTo(1);
    }

    @Test
    default void everyRangeAroundEveryPieceBoundaryIsRight() {
        byte[] bytes = randomBytes(3 * PIECE + 100, 5);
        ChunkId id = stored(bytes);
        int[] edges = IntStream.of(0, PIECE, 2 * PIECE, 3 * PIECE, bytes.length)
                .flatMap(edge -> IntStream.of(edge - 1, edge, edge + 1))
                .filter(edge -> edge >= 0 && edge <= bytes.length)
                .toArray();

        for (int from : edges) {
            for (int to : edges) {
                if (from <= to) {
                    assertThat(Arrays.equals(
                                    readChunk(id, from, to - from, (from + to) % 2 == 0),
                                    Arrays.copyOfRange(bytes, from, to)))
                            .as("bytes %d to %d", from, to)
                            .isTrue();
                }
            }
        }
    }

    @Test
    default void aReadFillsTheBufferBetweenItsPositionAndLimitOnly() {
        byte[] bytes = randomBytes(PIECE + 50, 6);
        ChunkId id = stored(bytes);
        for (ByteBuffer into : List.of(ByteBuffer.allocate(200), ByteBuffer.allocateDirect(200))) {
            into.position(20).limit(120);

            ByteBuffer result = done(store().readChunk(id, PIECE - 50, into, false));

            assertThat(result).isSameAs(into);
            assertThat(into.position()).isEqualTo(20);
            assertThat(into.limit()).isEqualTo(120);
            byte[] read = new byte[100];
            into.get(read);
            assertThat(read).isEqualTo(Arrays.copyOfRange(bytes, PIECE - 50, PIECE + 50));
            into.limit(200);
            assertThat(into.get(19)).isZero();
            assertThat(into.get(120)).isZero();
        }
    }

    @Test
    default void aRangeOutsideTheChunkIsRefused() {
        ChunkId id = stored(randomBytes(100, 7));

        for (int offset : new int[] {-1, 91, 100, 101, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(failure(store().readChunk(id, offset, ByteBuffer.allocate(10), false)))
                    .as("10 bytes from %d", offset)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    default void aChunkThatIsNotHereIsMissing() {
        ChunkId id = absentChunk(1);

        assertThat(failure(store().readChunk(id, 0, ByteBuffer.allocate(1), false)))
                .isInstanceOfSatisfying(
                        MissingChunkException.class,
                        missing -> assertThat(missing.chunk()).isEqualTo(id));
        assertThat(this.<Optional<ChunkRow>>read(snapshot -> snapshot.chunk(id)))
                .isEmpty();
    }

    @Test
    default void chunksAreWalkedByTheirIds() {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            ids.add(stored(randomBytes(10 + i, i)));
        }
        ids.sort(null);

        List<ChunkId> walked = new ArrayList<>();
        for (List<ChunkRow> page = chunksAfter(null); !page.isEmpty(); page = chunksAfter(last(walked))) {
            page.forEach(row -> walked.add(row.id()));
        }

        assertThat(walked).isEqualTo(ids);
    }

    private List<ChunkRow> chunksAfter(ChunkId cursor) {
        return read(snapshot -> snapshot.chunksAfter(cursor, 4));
    }

    private static ChunkId last(List<ChunkId> ids) {
        return ids.get(ids.size() - 1);
    }

    @Test
    default void aPinTellsWhetherTheBytesAreHere() {
        ChunkId here = stored(randomBytes(10, 1));

        assertThat(pinned(here, pin(1))).isTrue();
        assertThat(pinned(absentChunk(1), pin(1))).isFalse();
    }

    @Test
    default void aPinIsRecordedWhetherTheBytesAreHereOrNot() {
        ChunkId here = stored(randomBytes(10, 1));
        for (ChunkId id : List.of(here, absentChunk(1))) {
            pinned(id, pin(1));
            pinned(id, pin(2));
            pinned(id, pin(2));

            assertThat(this.<List<Pin>>read(snapshot -> snapshot.pins(id))).containsExactlyInAnyOrder(pin(1), pin(2));
        }
    }

    @Test
    default void unpinningTellsWhichChunksNobodyNeedsAnyMore() {
        ChunkId shared = stored(randomBytes(10, 1));
        ChunkId alone = stored(randomBytes(10, 2));
        ChunkId never = absentChunk(1);
        write(transaction -> {
            transaction.pin(shared, pin(1));
            transaction.pin(alone, pin(1));
            transaction.pin(never, pin(1));
            transaction.pin(shared, pin(2));
        });

        assertThat(unpinned(1)).containsExactlyInAnyOrder(alone, never);
        assertThat(unpinned(1)).isEmpty();
        assertThat(this.<List<Pin>>read(snapshot -> snapshot.pins(shared))).containsExactly(pin(2));
        assertThat(unpinned(2)).containsExactly(shared);
    }

    @Test
    default void collectingRemovesOnlyWhatNobodyNeeds() {
        ChunkId needed = stored(randomBytes(10, 1));
        ChunkId unneeded = stored(randomBytes(20, 2));
        pinned(needed, pin(1));

        assertThat(done(store().collect(List.of(needed, unneeded, absentChunk(1)))))
                .isEqualTo(1);

        assertThat(readChunk(needed, 0, 10, true)).hasSize(10);
        assertThat(failure(store().readChunk(unneeded, 0, ByteBuffer.allocate(1), false)))
                .isInstanceOf(MissingChunkException.class);
        assertThat(store().usage().chunks()).isEqualTo(1);
        assertThat(store().usage().chunkBytes()).isEqualTo(10);
        assertThat(done(store().collect(List.of(needed, unneeded)))).isZero();
    }

    @Test
    default void aPinOfACollectedChunkAsksForTheBytesAgain() {
        byte[] bytes = randomBytes(1_000, 1);
        ChunkId id = stored(bytes);
        done(store().collect(List.of(id)));

        assertThat(pinned(id, pin(1))).isFalse();
        stored(bytes);

        assertThat(pinned(id, pin(2))).isTrue();
        assertThat(readChunk(id, 0, 1_000, true)).isEqualTo(bytes);
        assertThat(done(store().collect(List.of(id)))).isZero();
        assertThat(store().usage().chunkBytes()).isEqualTo(1_000);
    }

    /** The promise behind deduplication: whoever was told "the bytes are here" can read them as long as its pin lasts. */
    @Test
    default void aPinThatRacesWithCollectionEitherKeepsTheChunkOrIsToldTheTruth() {
        for (int round = 0; round < 100; round++) {
            byte[] bytes = randomBytes(100, round);
            ChunkId id = stored(bytes);
            Pin pin = pin(round + 1);

            CompletableFuture<Integer> collected = store().collect(List.of(id));
            CompletableFuture<Boolean> pinned = store().write(transaction -> transaction.pin(id, pin));

            int removed = done(collected);
            if (done(pinned)) {
                assertThat(removed).isZero();
                assertThat(readChunk(id, 0, 100, true)).isEqualTo(bytes);
            } else {
                assertThat(removed).isEqualTo(1);
            }
        }
    }

    @Test
    default void aWriteThatRacesWithCollectionOfAPinnedChunkWins() {
        for (int round = 0; round < 50; round++) {
            byte[] bytes = randomBytes(100, round);
            ChunkId id = stored(bytes);
            Pin pin = pin(round + 1);

            CompletableFuture<Integer> collected = store().collect(List.of(id));
            write(transaction -> transaction.pin(id, pin));
            CompletableFuture<Void> written = store().writeChunk(id, ByteBuffer.wrap(bytes));
            CompletableFuture<Integer> again = store().collect(List.of(id));

            done(collected);
            done(written);
            assertThat(done(again)).isZero();
            assertThat(readChunk(id, 0, 100, true)).isEqualTo(bytes);
        }
    }

    @Test
    default void aCollectedChunkComesBackFromTheTrash() {
        byte[] bytes = randomBytes(1_000, 1);
        ChunkId id = stored(bytes);
        done(store().collect(List.of(id)));
        assertThat(this.<Optional<ChunkRow>>read(snapshot -> snapshot.chunk(id)))
                .contains(new ChunkRow(id, 1_000, ChunkRow.State.TRASH));
        assertThat(this.<Store.Space>read(Store.Snapshot::space)).isEqualTo(new Store.Space(1_000, 0));

        assertThat(done(store().restore(id))).isTrue();

        assertThat(readChunk(id, 0, 1_000, true)).isEqualTo(bytes);
        assertThat(store().usage().chunks()).isEqualTo(1);
        assertThat(this.<Store.Space>read(Store.Snapshot::space)).isEqualTo(new Store.Space(0, 1_000));
        assertThat(done(store().restore(id))).isFalse();
        assertThat(done(store().restore(absentChunk(1)))).isFalse();
    }

    @Test
    default void purgingDeletesForGoodWhatIsInTheTrash() {
        ChunkId gone = stored(randomBytes(10, 1));
        ChunkId kept = stored(randomBytes(10, 2));
        done(store().collect(List.of(gone)));

        assertThat(done(store().purge(0))).isZero();
        assertThat(done(store().purge(Long.MAX_VALUE / 2))).isEqualTo(1);

        assertThat(this.<Optional<ChunkRow>>read(snapshot -> snapshot.chunk(gone)))
                .isEmpty();
        assertThat(done(store().restore(gone))).isFalse();
        assertThat(readChunk(kept, 0, 10, true)).hasSize(10);
    }

    @Test
    default void aReferenceIsAnIntentUntilItIsConfirmedAndStaysDroppedOnceItIs() {
        ChunkId id = stored(randomBytes(10, 1));
        pinned(id, pin(1));
        assertThat(statesOf(id)).containsExactly(Reference.State.INTENT);

        write(transaction -> transaction.confirm(version(1)));
        pinned(id, pin(1));
        assertThat(statesOf(id)).containsExactly(Reference.State.REF);

        assertThat(unpinned(1)).containsExactly(id);
        pinned(id, pin(1));
        write(transaction -> transaction.confirm(version(1)));
        write(transaction -> transaction.copyReference(new Reference(id, pin(1), Reference.State.REF, 1)));

        assertThat(statesOf(id)).containsExactly(Reference.State.DROPPED);
        assertThat(this.<List<Pin>>read(snapshot -> snapshot.pins(id))).isEmpty();
        assertThat(this.<Boolean>read(snapshot -> snapshot.isDropped(version(1))))
                .isTrue();
        assertThat(this.<Boolean>read(snapshot -> snapshot.isDropped(version(2))))
                .isFalse();
        assertThat(done(store().<Integer>write(transaction -> transaction.forgetDropped(Long.MAX_VALUE, 10))))
                .isEqualTo(1);
        assertThat(statesOf(id)).isEmpty();
    }

    @Test
    default void droppingOnlyWhatIsConfirmedLeavesIntents() {
        ChunkId intent = stored(randomBytes(10, 1));
        ChunkId confirmed = stored(randomBytes(10, 2));
        pinned(confirmed, pin(1));
        write(transaction -> transaction.confirm(version(1)));
        pinned(intent, pin(1));

        assertThat(done(store().<List<ChunkId>>write(transaction -> transaction.unpin(version(1), true))))
                .containsExactly(confirmed);

        assertThat(statesOf(intent)).containsExactly(Reference.State.INTENT);
        assertThat(this.<List<ChunkRow>>read(snapshot -> snapshot.unreferenced(Long.MAX_VALUE, null, 10)))
                .extracting(ChunkRow::id)
                .containsExactly(confirmed);
    }

    @Test
    default void aCopiedReferenceKeepsTheChunkAndItsState() {
        ChunkId id = stored(randomBytes(10, 1));
        pinned(id, pin(2));
        for (long upload : new long[] {1, 2}) {
            write(transaction -> transaction.copyReference(new Reference(id, pin(upload), Reference.State.REF, 1)));
        }

        assertThat(statesOf(id)).containsExactly(Reference.State.REF, Reference.State.REF);
        assertThat(done(store().collect(List.of(id)))).isZero();
    }

    @Test
    default void chunksWithoutALiveReferenceAreFoundWithoutLookingAtAll() {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ids.add(stored(randomBytes(10, i)));
        }
        ids.sort(null);
        pinned(ids.get(1), pin(1));
        pinned(ids.get(3), pin(3));
        unpinned(3);

        List<ChunkId> first = read(snapshot -> unreferenced(snapshot, null));
        List<ChunkId> second = read(snapshot -> unreferenced(snapshot, ids.get(2)));

        assertThat(first).containsExactly(ids.get(0), ids.get(2));
        assertThat(second).containsExactly(ids.get(3), ids.get(4));
        assertThat(this.<OptionalLong>read(snapshot -> snapshot.unreferencedSince(ids.get(1))))
                .isEmpty();
        assertThat(this.<OptionalLong>read(snapshot -> snapshot.unreferencedSince(ids.get(3))))
                .isPresent();
        assertThat(this.<List<ChunkRow>>read(snapshot -> snapshot.unreferenced(0, null, 10)))
                .isEmpty();
    }

    @Test
    default void whatIsInQuarantineIsFoundAndForgottenOnceNobodyNeedsIt() throws Exception {
        ChunkId id = stored(randomBytes(10, 1));
        ChunkId never = stored(randomBytes(10, 2));
        pinned(id, pin(1));
        assumeTrue(damage(id) && damage(never));
        failure(store().readChunk(id, 0, ByteBuffer.allocate(10), true));
        failure(store().readChunk(never, 0, ByteBuffer.allocate(10), true));

        List<ChunkId> whileReferenced = read(snapshot -> unreferenced(snapshot, null));
        assertThat(whileReferenced).containsExactly(never);
        assertThat(this.<OptionalLong>read(snapshot -> snapshot.unreferencedSince(id)))
                .isEmpty();
        assertThat(done(store().collect(List.of(id, never)))).isEqualTo(1);

        unpinned(1);
        List<ChunkId> afterwards = read(snapshot -> unreferenced(snapshot, null));
        assertThat(afterwards).containsExactly(id);
        assertThat(this.<OptionalLong>read(snapshot -> snapshot.unreferencedSince(id)))
                .isPresent();
        assertThat(this.<List<ChunkRow>>read(snapshot -> snapshot.unreferenced(0, null, 10)))
                .isEmpty();
        assertThat(this.<Store.Space>read(Store.Snapshot::space))
                .as("they count as lost, so there is nothing to free")
                .isEqualTo(new Store.Space(0, 0));

        pinned(id, pin(2));
        assertThat(this.<List<ChunkId>>read(snapshot -> unreferenced(snapshot, null)))
                .isEmpty();
        unpinned(2);
        assertThat(done(store().collect(List.of(id)))).isEqualTo(1);
        assertThat(this.<Optional<ChunkRow>>read(snapshot -> snapshot.chunk(id)))
                .isEmpty();
    }

    private static List<ChunkId> unreferenced(Store.Snapshot snapshot, ChunkId cursor) {
        return snapshot.unreferenced(Long.MAX_VALUE, cursor, 2).stream()
                .map(ChunkRow::id)
                .toList();
    }

    @Test
    default void aReferenceThatComesBeforeItsBytesKeepsThem() {
        byte[] bytes = randomBytes(10, 1);
        ChunkId id = ChunkId.of(ByteBuffer.wrap(bytes));
        pinned(id, pin(1));

        stored(bytes);

        assertThat(this.<OptionalLong>read(snapshot -> snapshot.unreferencedSince(id)))
                .isEmpty();
    }

    @Test
    default void uploadsAreFoundByTheStateOfTheirReferences() {
        for (int i = 0; i < 3; i++) {
            pinned(stored(randomBytes(10, i)), pin(1));
            pinned(stored(randomBytes(10, i)), pin(2));
        }
        write(transaction -> transaction.confirm(version(2)));

        assertThat(this.<List<Pin>>read(snapshot -> snapshot.uploadsIn(Reference.State.INTENT, Long.MAX_VALUE, 10)))
                .containsExactly(pin(1));
        assertThat(this.<List<Pin>>read(snapshot -> snapshot.uploadsIn(Reference.State.REF, Long.MAX_VALUE, 10)))
                .containsExactly(pin(2));
        assertThat(this.<List<Pin>>read(snapshot -> snapshot.uploadsIn(Reference.State.REF, 0, 10)))
                .isEmpty();
    }

    @Test
    default void referencesAreWalkedByChunkAndUpload() {
        for (int i = 0; i < 5; i++) {
            pinned(absentChunk(i), pin(1));
            pinned(absentChunk(i), pin(2));
        }
        List<Reference> walked = new ArrayList<>();
        for (List<Reference> page = referencesAfter(null);
                !page.isEmpty();
                page = referencesAfter(walked.get(walked.size() - 1))) {
            walked.addAll(page);
        }

        assertThat(walked).hasSize(10).doesNotHaveDuplicates();
        assertThat(walked).isSortedAccordingTo(java.util.Comparator.comparing(Reference::chunk));
        for (Reference each : walked) {
            Optional<Reference> found =
                    read(snapshot -> snapshot.reference(each.chunk(), each.pin().upload()));
            assertThat(found).contains(each);
        }
        assertThat(this.<Optional<Reference>>read(snapshot -> snapshot.reference(absentChunk(1), version(3))))
                .isEmpty();
        write(transaction -> transaction.forgetReferences(absentChunk(1)));
        assertThat(statesOf(absentChunk(1))).isEmpty();
    }

    private List<Reference> referencesAfter(Reference cursor) {
        return read(snapshot -> snapshot.referencesAfter(cursor, 3));
    }

    private List<Reference.State> statesOf(ChunkId id) {
        return read(snapshot ->
                snapshot.references(id).stream().map(Reference::state).toList());
    }

    @Test
    default void usageCountsLiveChunksAndTheirBytes() {
        assertThat(store().usage().chunks()).isZero();
        assertThat(store().usage().freeBytes()).isPositive();

        stored(randomBytes(10, 1));
        stored(randomBytes(20, 2));

        assertThat(store().usage().chunks()).isEqualTo(2);
        assertThat(store().usage().chunkBytes()).isEqualTo(30);
    }

    private boolean pinned(ChunkId id, Pin pin) {
        return done(store().write(transaction -> transaction.pin(id, pin)));
    }

    private List<ChunkId> unpinned(long upload) {
        return done(store().write(transaction -> transaction.unpin(version(upload))));
    }
}
