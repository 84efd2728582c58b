package io.keplerfs.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.memory.MemoryStore;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.repair.DigestMessages.Wanted;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one owner takes over from another, rule by rule. */
class ComparisonTest {
    private static final NodeId WRITER = new NodeId(new UUID(0, 9));
    private static final int ONE_CELL = DigestCell.of(key(0)).number();

    private final Store mine = new MemoryStore(new NodeId(new UUID(0, 1)), Runnable::run);
    private final Store theirs = new MemoryStore(new NodeId(new UUID(0, 2)), Runnable::run, () -> 1);
    private final TwoOwners owners = new TwoOwners(mine, theirs);

    @AfterEach
    void close() {
        owners.close();
    }

    private static RegisterKey key(int file) {
        return new RegisterKey("photos", 0, "file-" + file);
    }

    private static Ballot ballot(long time) {
        return new Ballot(time << 16, WRITER);
    }

    private static RegisterRow row(RegisterKey key, long time, boolean absent) {
        byte[] value = new RegisterValue(
                        new VersionId(new UUID(time, 1)), time << 16, List.of(), 0, absent, 0, new byte[] {1})
                .encode();
        return new RegisterRow(key, ballot(time), ballot(time), value, new byte[0], !absent);
    }

    private static void change(Store store, Consumer<Store.Transaction> change) {
        store.write(tables -> {
                    change.accept(tables);
                    return true;
                })
                .join();
    }

    private static RegisterRow find(Store store, RegisterKey key) {
        return store.read(tables -> tables.register(key)).join();
    }

    private Comparison look() {
        Comparison comparison = owners.comparison(mine, theirs);
        comparison.run().join();
        return comparison;
    }

    @Test
    void ownersThatAgreeExchangeLittle() {
        for (Store store : List.of(mine, theirs)) {
            change(store, tables -> tables.putRegister(row(key(1), 5, false)));
        }

        Comparison comparison = look();

        assertThat(comparison.missing()).isZero();
        assertThat(comparison.bytes()).isLessThan(200);
    }

    @Test
    void whatOnlyThisNodeHasIsLeftToTheOther() {
        change(mine, tables -> tables.putRegister(row(key(1), 5, false)));

        assertThat(look().missing()).isZero();
        assertThat(find(theirs, key(1)).accepted().isZero()).isTrue();
    }

    @Test
    void theNewerValueIsTakenAndTheOlderIsNot() {
        change(mine, tables -> tables.putRegister(row(key(1), 5, false)));
        change(theirs, tables -> tables.putRegister(row(key(1), 6, false)));
        change(mine, tables -> tables.putRegister(row(key(2), 8, true)));
        change(theirs, tables -> tables.putRegister(row(key(2), 7, false)));

        look();

        assertThat(find(mine, key(1)).accepted()).isEqualTo(ballot(6));
        assertThat(find(mine, key(2)).accepted()).isEqualTo(ballot(8));
        assertThat(find(mine, key(2)).live()).isFalse();
    }

    /** The floor is the promise of the shard's register without a key. */
    @Test
    void aTombstoneBelowTheFloorIsNotTakenBack() {
        change(theirs, tables -> tables.putRegister(row(key(1), 5, true)));
        RegisterKey floor = new RegisterKey("photos", 0, "");
        change(
                mine,
                tables -> tables.putRegister(
                        new RegisterRow(floor, ballot(6), Ballot.ZERO, new byte[0], new byte[0], false)));

        Comparison comparison = look();

        assertThat(comparison.mended()).isEqualTo(new Mending.Mended(0, 0, 1));
        assertThat(find(mine, key(1)).accepted().isZero()).isTrue();
    }

    /** Larger than what goes on when a disk is full. */
    private static RegisterRow large(RegisterKey key, long time) {
        byte[] value = new RegisterValue(
                        new VersionId(new UUID(time, 1)), time << 16, List.of(), 0, false, 0, new byte[2_000])
                .encode();
        return new RegisterRow(key, ballot(time), ballot(time), value, new byte[0]);
    }

    private static Store full(Store store) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(),
                new Class<?>[] {Store.class},
                (proxy, method, given) -> method.getName().equals("usage")
                        ? new Store.Usage(0, 0, 0, 1L << 30)
                        : method.invoke(store, given));
    }

    private static void promise(Store store, RegisterKey key, long time) {
        RegisterRow row = new RegisterRow(key, ballot(time), Ballot.ZERO, new byte[0], new byte[0], false);
        change(store, tables -> tables.putRegister(row));
    }

    /** A store whose cells of one partition do not add up to its root, and what it is asked to count. */
    private static Store wrong(Store store, int partition, List<List<Integer>> countedByTransaction) {
        return proxy(Store.class, store, (method, given) -> {
            if (method.equals("read")) {
                Function<Store.Snapshot, ?> query = cast(given[0]);
                return store.read(tables -> query.apply(wrong(Store.Snapshot.class, tables, partition, List.of())));
            } else if (method.equals("write")) {
                Function<Store.Transaction, ?> change = cast(given[0]);
                List<Integer> counted = new ArrayList<>();
                countedByTransaction.add(counted);
                return store.write(tables -> change.apply(wrong(Store.Transaction.class, tables, partition, counted)));
            }
            return null;
        });
    }

    private static <T extends Store.Snapshot> T wrong(Class<T> type, T tables, int partition, List<Integer> counted) {
        return proxy(type, tables, (method, given) -> {
            if (method.equals("digestCells") && given[1].equals(partition)) {
                return Collections.nCopies(DigestCell.PER_PARTITION, new Digest(1, 1));
            } else if (method.equals("recountDigests")) {
                counted.add(((DigestCell) given[0]).number());
            }
            return null;
        });
    }

    private static <T> T proxy(Class<T> type, T real, BiFunction<String, Object[], Object> instead) {
        return type.cast(Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, given) -> {
                    Object answer = instead.apply(method.getName(), given);
                    return answer == null ? method.invoke(real, given) : answer;
                }));
    }

    @SuppressWarnings("unchecked")
    private static <T> Function<T, ?> cast(Object function) {
        return (Function<T, ?>) function;
    }

    @Test
    void sumsThatAreWrongAreCountedAnewACellInEachTransaction() {
        change(mine, tables -> tables.putRegister(row(key(1), 5, false)));
        List<List<Integer>> counted = new ArrayList<>();
        Store wrong = wrong(mine, DigestCell.of(key(1)).partition(), counted);

        try (TwoOwners two = new TwoOwners(wrong, theirs)) {
            two.comparison(wrong, theirs).run().join();
        }

        assertThat(counted.stream().filter(cells -> !cells.isEmpty()).toList())
                .isEqualTo(IntStream.range(0, DigestCell.PER_PARTITION)
                        .mapToObj(List::of)
                        .toList());
    }

    @Test
    void aFullDiskIsNoReasonToWriteAnewWhatTheOtherHas() {
        RegisterRow free = large(key(1), 5);
        RegisterRow promised = large(key(2), 5);
        change(theirs, tables -> List.of(free, promised).forEach(tables::putRegister));
        promise(mine, key(2), 6);
        Store full = full(mine);

        try (TwoOwners tight = new TwoOwners(full, theirs)) {
            Comparison comparison = tight.comparison(full, theirs);
            comparison.run().join();

            assertThat(comparison.mended()).isEqualTo(new Mending.Mended(0, 2, 0));
        }

        assertThat(find(mine, key(1)).accepted().isZero()).isTrue();
        assertThat(find(theirs, key(1)).accepted()).isEqualTo(ballot(5));
        assertThat(find(theirs, key(2)).promised()).isEqualTo(ballot(5));
    }

    @Test
    void aPromiseThatNobodyKeepsIsSettled() {
        change(theirs, tables -> tables.putRegister(large(key(1), 5)));
        promise(mine, key(1), 6);

        assertThat(look().mended()).isEqualTo(new Mending.Mended(1, 0, 0));

        assertThat(find(mine, key(1)).accepted()).isGreaterThan(ballot(6));
    }

    @Test
    void manyRowsOfOneCellComeInSeveralAnswers() {
        int rows = DigestMessages.MOST_ITEMS + 500;
        List<RegisterKey> keys = new ArrayList<>();
        for (int file = 0; keys.size() < rows; file++) {
            if (DigestCell.of(key(file)).number() == ONE_CELL) {
                keys.add(key(file));
            }
        }
        change(theirs, tables -> keys.forEach(key -> tables.putRegister(row(key, 5, false))));
        // All but a few at the end of what the answers hold.
        change(mine, tables -> keys.subList(20, rows).forEach(key -> tables.putRegister(row(key, 5, false))));

        Comparison comparison = look();

        assertThat(comparison.missing()).isEqualTo(20);
        assertThat(comparison.mended().mended()).isEqualTo(20);
        assertThat(comparison.bytes()).isGreaterThan((long) DigestMessages.MOST_ITEMS * Digest.BYTES);
        assertThat(mine.read(tables -> tables.registersAfter(null, Integer.MAX_VALUE))
                        .join())
                .hasSize(rows);
    }

    @Test
    void largeValuesComeInSeveralAnswers() {
        byte[] payload = new byte[DigestMessages.MOST_VALUE_BYTES / 3];
        byte[] value = new RegisterValue(new VersionId(new UUID(5, 1)), 5, List.of(), 0, false, 0, payload).encode();
        for (int file = 0; file < 10; file++) {
            RegisterRow row = new RegisterRow(key(file), ballot(5), ballot(5), value, new byte[0]);
            change(theirs, tables -> tables.putRegister(row));
        }

        Comparison comparison = look();

        assertThat(comparison.missing()).isEqualTo(10);
        assertThat(comparison.mended().mended()).isEqualTo(10);
        assertThat(look().missing()).isZero();
    }

    private ChunkId stored(Store store, Pin pin) {
        ByteBuffer bytes = ByteBuffer.wrap(new byte[] {1, 2, 3});
        ChunkId chunk = ChunkId.of(bytes);
        change(store, tables -> tables.pin(chunk, pin));
        store.writeChunk(chunk, bytes).join();
        return chunk;
    }

    @Test
    void aReferenceIsCopiedAsWhatItIs() {
        Pin first = new Pin(new VersionId(new UUID(0, 1)), "photos", "a");
        Pin second = new Pin(new VersionId(new UUID(0, 2)), "photos", "b");
        stored(mine, first);
        ChunkId chunk = stored(theirs, first);
        change(theirs, tables -> {
            tables.pin(chunk, second);
            tables.confirm(second.upload());
        });

        look();

        assertThat(mine.read(tables -> tables.references(chunk)).join())
                .extracting(Reference::state)
                .containsExactly(Reference.State.INTENT, Reference.State.REF);
    }

    @Test
    void whatWasDroppedHereStaysDropped() {
        Pin pin = new Pin(new VersionId(new UUID(0, 1)), "photos", "a");
        ChunkId chunk = stored(mine, pin);
        stored(theirs, pin);
        change(mine, tables -> tables.unpin(pin.upload()));

        assertThat(look().mended()).isEqualTo(new Mending.Mended(0, 0, 1));
        assertThat(mine.read(tables -> tables.references(chunk)).join())
                .extracting(Reference::state)
                .containsExactly(Reference.State.DROPPED);
        assertThat(mine.read(tables -> tables.chunk(chunk).map(ChunkRow::state)).join())
                .contains(ChunkRow.State.LIVE);
    }

    @Test
    void anotherStageIsRefused() {
        DigestCalls later = owners.calls(mine, theirs, 99);

        assertThatThrownBy(() -> later.cells(DigestKind.REGISTERS, List.of(1)).join())
                .hasCauseInstanceOf(CutShortException.class);
    }

    @Test
    void tooMuchAtOnceIsRefused() {
        DigestCalls calls = owners.calls(mine, theirs, 2);
        List<Digest> many = java.util.Collections.nCopies(DigestMessages.MOST_WANTED + 1, new Digest(1, 2));
        DigestCell cell = DigestCell.of(key(1));

        assertThatThrownBy(() -> calls.registers(List.of(new Wanted(cell, many))))
                .hasMessageContaining("the most is");
        assertThat(calls.registers(List.of(new Wanted(cell, many.subList(1, 3))))
                        .join())
                .isEmpty();
    }
}
