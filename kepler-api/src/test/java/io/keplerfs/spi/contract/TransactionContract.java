package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.StoreUnderTest.done;
import static io.keplerfs.spi.contract.StoreUnderTest.failure;
import static io.keplerfs.spi.contract.StoreUnderTest.key;
import static io.keplerfs.spi.contract.StoreUnderTest.keysOf;
import static io.keplerfs.spi.contract.StoreUnderTest.pin;
import static io.keplerfs.spi.contract.StoreUnderTest.randomBytes;
import static io.keplerfs.spi.contract.StoreUnderTest.valued;
import static io.keplerfs.spi.contract.StoreUnderTest.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Transactions: in order, all or nothing each, visible and lasting once their future is done. */
interface TransactionContract extends StoreUnderTest {
    @Test
    default void transactionsRunInTheOrderOfTheirCallsAndOnlyOnce() {
        int count = 2_500;
        List<Integer> ran = new ArrayList<>();
        List<CompletableFuture<Integer>> futures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            futures.add(store().write(transaction -> {
                ran.add(number);
                int before = transaction
                        .setting("n")
                        .map(bytes -> ByteBuffer.wrap(bytes).getInt())
                        .orElse(0);
                transaction.putSetting(
                        "n", ByteBuffer.allocate(4).putInt(before + 1).array());
                return before;
            }));
        }

        for (int i = 0; i < count; i++) {
            assertThat(done(futures.get(i))).isEqualTo(i);
        }
        assertThat(ran).hasSize(count).isSorted();
    }

    @Test
    default void aTransactionSeesItsOwnChanges() {
        List<String> seen = done(store().write(transaction -> {
            transaction.putRegister(valued("b"));
            transaction.putRegister(valued("a"));
            return keysOf(transaction.registers("photos", 0, "", null, 10));
        }));

        assertThat(seen).containsExactly("a", "b");
    }

    @Test
    default void aThrowingTransactionIsUndoneAndItsNeighboursInTheSameCommitAreNot() {
        RuntimeException thrown = new IllegalStateException("by the test");
        write(transaction -> transaction.putRegister(valued("kept")));
        List<CompletableFuture<?>> group = new ArrayList<>();

        // Called from within a transaction, these three wait together, and so share a commit where there are groups.
        write(outer -> {
            group.add(store().write(transaction -> {
                transaction.putRegister(valued("left"));
                return true;
            }));
            group.add(store().write(transaction -> {
                transaction.putRegister(RegisterRow.untouched(key("kept")));
                transaction.putRegister(valued("undone"));
                transaction.putSetting("undone", new byte[1]);
                throw thrown;
            }));
            group.add(store().write(transaction -> {
                assertThat(transaction.register(key("undone")).value()).isEmpty();
                transaction.putRegister(valued("right"));
                return true;
            }));
        });

        done(group.get(0));
        assertThat(failure(group.get(1))).isSameAs(thrown);
        done(group.get(2));
        assertThat(keysOf(read(snapshot -> snapshot.registers("photos", 0, "", null, 10))))
                .containsExactly("kept", "left", "right");
        assertThat(this.<Optional<byte[]>>read(snapshot -> snapshot.setting("undone")))
                .isEmpty();
    }

    @Test
    default void everyKindOfChangeIsUndone() {
        ChunkId chunk = stored(randomBytes(10, 1));
        NodeId target = StoreUnderTest.node(4);
        QueueRow task = new QueueRow("fetch", new byte[] {1}, target, 1, "test", 0, 0, 0);
        UploadRow upload = new UploadRow(version(1), "photos", "k", 5);
        IntentRow intent = new IntentRow(key("k"), version(1), StoreUnderTest.ballot(1), new byte[1]);
        write(transaction -> {
            transaction.pin(chunk, pin(1));
            transaction.enqueue(task);
            transaction.putUpload(upload);
            transaction.putIntent(intent);
            transaction.putPeer(TableContract.peer(1, "a"));
            transaction.putSetting("s", new byte[] {1});
        });

        failure(store().write(transaction -> {
            transaction.unpin(version(1));
            transaction.pin(chunk, pin(2));
            transaction.dequeue("fetch", new byte[] {1}, target);
            transaction.removeUpload(version(1));
            transaction.removeIntent(key("k"), version(1));
            transaction.putPeer(TableContract.peer(1, "b"));
            transaction.putPeer(TableContract.peer(2, "c"));
            transaction.putSetting("s", new byte[] {2});
            transaction.putSetting("s", new byte[] {3});
            throw new IllegalStateException("by the test");
        }));

        write(unchanged -> {
            assertThat(unchanged.pins(chunk)).containsExactly(pin(1));
            assertThat(unchanged.queued()).isEqualTo(1);
            assertThat(unchanged.uploads()).containsExactly(upload);
            assertThat(unchanged.intents(key("k"))).hasSize(1);
            assertThat(unchanged.peers()).containsExactly(TableContract.peer(1, "a"));
            assertThat(unchanged.setting("s")).hasValue(new byte[] {1});
        });
    }

    @Test
    default void aReadSeesEveryWriteWhoseFutureIsDone() {
        for (int i = 0; i < 200; i++) {
            String key = "k" + i;
            write(transaction -> transaction.putRegister(valued(key)));
            assertThat(this.<byte[]>read(snapshot -> snapshot.register(key(key)).value()))
                    .isNotEmpty();
        }
    }

    @Test
    default void aReadSeesOneMomentOnly() {
        List<CompletableFuture<Boolean>> reads = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            byte[] both = {(byte) i};
            store().write(transaction -> {
                transaction.putSetting("one", both);
                transaction.putSetting("two", both);
                return true;
            });
            reads.add(store().read(snapshot -> Arrays.equals(
                    snapshot.setting("one").orElse(both),
                    snapshot.setting("two").orElse(both))));
        }

        assertThat(reads).allMatch(StoreUnderTest::done);
    }

    @Test
    default void aThrowingQueryFailsItsFutureOnly() {
        RuntimeException thrown = new IllegalStateException("by the test");

        assertThat(failure(store().read(snapshot -> {
                    throw thrown;
                })))
                .isSameAs(thrown);
        assertThat(this.<Boolean>read(snapshot -> snapshot.hasNoRegisters())).isTrue();
    }

    @Test
    default void aSnapshotCannotBeKept() {
        AtomicReference<Store.Snapshot> read = new AtomicReference<>();
        AtomicReference<Store.Transaction> written = new AtomicReference<>();
        done(store().read(snapshot -> {
            read.set(snapshot);
            return true;
        }));
        write(written::set);

        assertThatIllegalStateException().isThrownBy(() -> read.get().hasNoRegisters());
        assertThatIllegalStateException().isThrownBy(() -> written.get().putSetting("late", new byte[0]));
    }

    @Test
    default void callsFromManyThreadsAllCount() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> {
                for (int n = 0; n < 50; n++) {
                    store().write(transaction -> {
                        byte[] before = transaction.setting("n").orElse(new byte[4]);
                        int next = ByteBuffer.wrap(before).getInt() + 1;
                        transaction.putSetting(
                                "n", ByteBuffer.allocate(4).putInt(next).array());
                        return next;
                    });
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        int total = done(store().write(transaction ->
                ByteBuffer.wrap(transaction.setting("n").orElseThrow()).getInt()));
        assertThat(total).isEqualTo(200);
    }

    @Test
    default void nothingHasFailed() {
        assertThat(store().failed()).isEmpty();
    }

    @Test
    default void closeEndsRunningWork() throws Exception {
        AtomicInteger completed = new AtomicInteger();
        List<CompletableFuture<?>> running = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String key = "k" + i;
            byte[] bytes = randomBytes(1_000, i);
            running.add(store().write(transaction -> {
                transaction.putRegister(valued(key));
                return completed.incrementAndGet();
            }));
            running.add(store().writeChunk(ChunkId.of(ByteBuffer.wrap(bytes)), ByteBuffer.wrap(bytes)));
        }

        store().close();

        assertThat(running).allMatch(CompletableFuture::isDone).noneMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(completed).hasValue(50);
    }

    @Test
    default void closingTwiceIsHarmlessAndLaterCallsFail() {
        store().close();
        store().close();

        byte[] bytes = randomBytes(10, 1);
        ChunkId id = ChunkId.of(ByteBuffer.wrap(bytes));
        failure(store().write(transaction -> true));
        failure(store().read(snapshot -> true));
        failure(store().writeChunk(id, ByteBuffer.wrap(bytes)));
        failure(store().readChunk(id, 0, ByteBuffer.allocate(1), false));
        failure(store().collect(List.of(id)));
    }

    @Test
    default void everythingAcknowledgedIsThereAfterReopening() throws Exception {
        NodeId id = store().nodeId();
        byte[] bytes = randomBytes(100_000, 8);
        ChunkId chunk = stored(bytes);
        write(transaction -> {
            transaction.putRegister(valued("cat"));
            transaction.pin(chunk, pin(1));
            transaction.putSetting("clock", new byte[] {1, 2});
        });
        Store.Usage before = store().usage();

        assumeTrue(reopened().isPresent(), "keeps nothing");

        assertThat(store().nodeId()).isEqualTo(id);
        assertThat(this.<RegisterRow>read(snapshot -> snapshot.register(key("cat"))))
                .usingRecursiveComparison()
                .isEqualTo(valued("cat"));
        assertThat(this.<List<?>>read(snapshot -> snapshot.pins(chunk))).hasSize(1);
        assertThat(this.<Optional<byte[]>>read(snapshot -> snapshot.setting("clock")))
                .hasValue(new byte[] {1, 2});
        assertThat(readChunk(chunk, 0, bytes.length, true)).isEqualTo(bytes);
        assertThat(store().usage().chunks()).isEqualTo(before.chunks());
        assertThat(store().usage().chunkBytes()).isEqualTo(before.chunkBytes());
    }
}
