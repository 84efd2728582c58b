package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.StoreUnderTest.ballot;
import static io.keplerfs.spi.contract.StoreUnderTest.done;
import static io.keplerfs.spi.contract.StoreUnderTest.failure;
import static io.keplerfs.spi.contract.StoreUnderTest.key;
import static io.keplerfs.spi.contract.StoreUnderTest.node;
import static io.keplerfs.spi.contract.StoreUnderTest.pin;
import static io.keplerfs.spi.contract.StoreUnderTest.promisedOnly;
import static io.keplerfs.spi.contract.StoreUnderTest.randomBytes;
import static io.keplerfs.spi.contract.StoreUnderTest.valued;
import static io.keplerfs.spi.contract.StoreUnderTest.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Digests: always what a count of the rows would give. */
interface DigestContract extends StoreUnderTest {
    private SortedMap<Integer, Digest> sums(DigestKind kind) {
        return read(tables -> tables.digests(kind, 0, DigestCell.PARTITIONS));
    }

    private static void count(Map<DigestCell, Digest> sums, DigestCell cell, Digest item) {
        sums.merge(cell, item, Digest::plus);
    }

    /** From the rows alone. */
    private static Map<DigestCell, Digest> counted(Store.Snapshot tables, DigestKind kind) {
        Map<DigestCell, Digest> sums = new java.util.HashMap<>();
        if (kind == DigestKind.REGISTERS) {
            tables.registersAfter(null, Integer.MAX_VALUE).stream()
                    .filter(DigestCell::counts)
                    .forEach(row -> count(sums, DigestCell.of(row.key()), Digest.of(row.key(), row.accepted())));
        } else {
            tables.referencesAfter(null, Integer.MAX_VALUE).stream()
                    .filter(Reference::isLive)
                    .filter(reference -> tables.chunk(reference.chunk())
                            .filter(row -> row.state() == ChunkRow.State.LIVE)
                            .isPresent())
                    .forEach(reference -> count(
                            sums,
                            DigestCell.of(reference.chunk()),
                            Digest.of(reference.chunk(), reference.pin().upload())));
        }
        return sums;
    }

    private void assertRight(Store.Snapshot tables) {
        for (DigestKind kind : DigestKind.values()) {
            Map<DigestCell, Digest> expected = counted(tables, kind);
            SortedMap<Integer, Digest> roots = new TreeMap<>();
            expected.forEach((cell, sum) -> roots.merge(cell.partition(), sum, Digest::plus));
            assertThat(tables.digests(kind, 0, DigestCell.PARTITIONS)).isEqualTo(roots);
            for (int partition : roots.keySet()) {
                List<Digest> cells = tables.digestCells(kind, partition);
                for (int number = 0; number < DigestCell.PER_PARTITION; number++) {
                    DigestCell cell = new DigestCell(kind, partition, number);
                    assertThat(cells.get(number)).isEqualTo(expected.getOrDefault(cell, Digest.ZERO));
                    assertThat(!expected.containsKey(cell)
                                    || itemsOf(tables, cell).equals(cells.get(number)))
                            .isTrue();
                }
            }
        }
    }

    private static Digest itemsOf(Store.Snapshot tables, DigestCell cell) {
        return cell.kind() == DigestKind.REGISTERS
                ? tables.registersIn(cell).stream().map(AcceptedBallot::digest).reduce(Digest.ZERO, Digest::plus)
                : tables.referencesIn(cell).stream()
                        .map(reference ->
                                Digest.of(reference.chunk(), reference.pin().upload()))
                        .reduce(Digest.ZERO, Digest::plus);
    }

    @Test
    default void anEmptyStoreHasEmptyDigests() {
        assertThat(sums(DigestKind.REGISTERS)).isEmpty();
        assertThat(sums(DigestKind.CHUNKS)).isEmpty();
        assertThat(this.<List<Digest>>read(tables -> tables.digestCells(DigestKind.REGISTERS, 7)))
                .hasSize(DigestCell.PER_PARTITION)
                .allMatch(Digest::isZero);
    }

    @Test
    default void aRegisterCountsFromItsFirstAcceptedValueOn() {
        write(tables -> {
            tables.putRegister(promisedOnly("promised"));
            tables.putRegister(valued(new RegisterKey(DigestCell.UNPLACED_BUCKET, 0, "7")));
        });
        assertThat(sums(DigestKind.REGISTERS)).isEmpty();

        write(tables -> tables.putRegister(valued("cat")));
        int partition = DigestCell.of(key("cat")).partition();
        assertThat(sums(DigestKind.REGISTERS)).isEqualTo(Map.of(partition, Digest.of(key("cat"), ballot(5))));
        assertThat(this.<List<AcceptedBallot>>read(tables -> tables.registersIn(DigestCell.of(key("cat")))))
                .containsExactly(new AcceptedBallot(key("cat"), ballot(5)));

        write(tables -> tables.removeRegister(key("cat")));
        assertThat(sums(DigestKind.REGISTERS)).isEmpty();
    }

    @Test
    default void aReferenceCountsWhileItIsLiveAndItsChunkIsToo() {
        ChunkId chunk = ChunkId.of(ByteBuffer.wrap(randomBytes(100, 1)));
        write(tables -> tables.pin(chunk, pin(1)));
        assertThat(sums(DigestKind.CHUNKS)).as("bytes are missing").isEmpty();

        stored(randomBytes(100, 1));
        int partition = DigestCell.of(chunk).partition();
        assertThat(sums(DigestKind.CHUNKS)).isEqualTo(Map.of(partition, Digest.of(chunk, version(1))));

        write(tables -> tables.confirm(version(1)));
        assertThat(sums(DigestKind.CHUNKS)).hasSize(1);
        write(tables -> tables.unpin(version(1)));
        assertThat(sums(DigestKind.CHUNKS)).isEmpty();
    }

    @Test
    default void partitionsAreAskedForByRange() {
        write(tables -> tables.putRegister(valued("cat")));
        int partition = DigestCell.of(key("cat")).partition();
        assertThat(this.<SortedMap<Integer, Digest>>read(
                        tables -> tables.digests(DigestKind.REGISTERS, partition, partition + 1)))
                .containsOnlyKeys(partition);
        assertThat(this.<SortedMap<Integer, Digest>>read(
                        tables -> tables.digests(DigestKind.REGISTERS, partition + 1, DigestCell.PARTITIONS)))
                .isEmpty();
        assertThat(this.<SortedMap<Integer, Digest>>read(tables -> tables.digests(DigestKind.REGISTERS, 0, partition)))
                .isEmpty();
    }

    @Test
    default void digestsAreWhatACountGivesAfterAnything() throws Exception {
        Random random = new Random(1);
        List<ChunkId> chunks = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            chunks.add(ChunkId.of(ByteBuffer.wrap(randomBytes(100, i))));
        }
        for (int round = 0; round < 30; round++) {
            List<CompletableFuture<?>> together = new ArrayList<>();
            List<CompletableFuture<?>> undone = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                long seed = random.nextLong();
                boolean fails = random.nextInt(4) == 0;
                (fails ? undone : together).add(store().write(tables -> {
                    Random chance = new Random(seed);
                    for (int step = 0; step < 1 + chance.nextInt(4); step++) {
                        change(tables, chance, chunks);
                    }
                    if (chance.nextInt(4) == 0) {
                        assertRight(tables);
                    }
                    if (fails) {
                        throw new IllegalStateException("undone");
                    }
                    return true;
                }));
            }
            together.forEach(StoreUnderTest::done);
            undone.forEach(each -> assertThat(failure(each)).isInstanceOf(IllegalStateException.class));
            int chosen = random.nextInt(chunks.size());
            if (random.nextBoolean()) {
                stored(randomBytes(100, chosen));
            } else if (random.nextBoolean()) {
                done(store().collect(chunks));
            } else {
                done(store().restore(chunks.get(chosen)));
            }
            read(tables -> {
                assertRight(tables);
                return true;
            });
        }
        write(tables -> {
            for (DigestKind kind : DigestKind.values()) {
                for (int partition :
                        tables.digests(kind, 0, DigestCell.PARTITIONS).keySet()) {
                    for (int number = 0; number < DigestCell.PER_PARTITION; number++) {
                        assertThat(tables.recountDigests(new DigestCell(kind, partition, number)))
                                .isFalse();
                    }
                }
            }
        });
        if (reopened().isPresent()) {
            read(tables -> {
                assertRight(tables);
                return true;
            });
        }
    }

    private static void change(Store.Transaction tables, Random random, List<ChunkId> chunks) {
        RegisterKey key = new RegisterKey("photos", random.nextInt(3), "key-" + random.nextInt(20));
        ChunkId chunk = chunks.get(random.nextInt(chunks.size()));
        int upload = random.nextInt(6);
        switch (random.nextInt(11)) {
            case 0, 1, 2 -> tables.putRegister(row(key, random.nextInt(5)));
            case 3 -> tables.removeRegister(key);
            case 4 -> tables.setAsideRegister(key);
            case 5, 6 -> tables.pin(chunk, pin(upload));
            case 7 ->
                tables.copyReference(new Reference(
                        chunk,
                        pin(upload),
                        Reference.State.values()[random.nextInt(Reference.State.values().length)],
                        7));
            case 8 -> tables.unpin(version(upload), random.nextBoolean());
            case 9 -> tables.forgetReferences(chunk);
            default -> {
                tables.confirm(version(upload));
                tables.forgetDropped(Long.MAX_VALUE, 1);
            }
        }
    }

    private static RegisterRow row(RegisterKey key, long time) {
        Ballot accepted = time == 0 ? Ballot.ZERO : new Ballot(time, node(1));
        return new RegisterRow(key, ballot(9), accepted, new byte[(int) time], new byte[0]);
    }
}
