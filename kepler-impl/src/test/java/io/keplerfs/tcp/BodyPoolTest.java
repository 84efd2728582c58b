package io.keplerfs.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Message;
import io.keplerfs.values.NodeId;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BodyPoolTest {
    private static final int MEBIBYTE = 1 << 20;

    private final AtomicLong clock = new AtomicLong();
    private final Site site = new Site(
            new NodeId(new UUID(1, 1)),
            () -> Keyring.NONE,
            new Threads(Thread::new),
            clock::get,
            new SecureRandom(),
            Timing.STANDARD);
    private final BodyPool pool = new BodyPool(site, 8 * MEBIBYTE);

    private CompletableFuture<BodyPool.Lease> takeLater(int length, AtomicBoolean gone) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return pool.take(length, gone::get);
            } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
            }
        });
    }

    @Test
    void aRecycledArrayIsUsedAgain() throws Exception {
        BodyPool.Lease first = pool.take(4 * MEBIBYTE, () -> false);
        byte[] array = first.array();
        first.recycle();
        first.recycle();

        assertThat(pool.usedBytes()).isZero();
        assertThat(pool.take(4 * MEBIBYTE - 1000, () -> false).array()).isSameAs(array);
        assertThat(pool.take(4 * MEBIBYTE, () -> false).array()).isNotSameAs(array);
    }

    @Test
    void whoDoesNotFitWaitsUntilSomethingComesBack() throws Exception {
        BodyPool.Lease first = pool.take(4 * MEBIBYTE, () -> false);
        pool.take(4 * MEBIBYTE, () -> false);

        CompletableFuture<BodyPool.Lease> third = takeLater(4 * MEBIBYTE, new AtomicBoolean());
        await().during(Duration.ofMillis(200)).until(() -> !third.isDone());
        first.recycle();

        assertThat(third.join().array()).hasSizeGreaterThanOrEqualTo(4 * MEBIBYTE);
        assertThat(pool.usedBytes()).isEqualTo(8 * MEBIBYTE);
    }

    @Test
    void aBodyLargerThanTheBudgetIsServedAlone() throws Exception {
        BodyPool.Lease small = pool.take(MEBIBYTE, () -> false);
        CompletableFuture<BodyPool.Lease> large = takeLater(64 * MEBIBYTE, new AtomicBoolean());
        await().during(Duration.ofMillis(200)).until(() -> !large.isDone());

        small.recycle();

        assertThat(large.join().array()).hasSize(64 * MEBIBYTE);
    }

    @Test
    void whoIsGoneStopsWaitingAndLetsOthersPass() throws Exception {
        BodyPool.Lease all = pool.take(8 * MEBIBYTE, () -> false);
        AtomicBoolean gone = new AtomicBoolean();
        CompletableFuture<BodyPool.Lease> first = takeLater(8 * MEBIBYTE, gone);
        await().during(Duration.ofMillis(150)).until(() -> !first.isDone());
        CompletableFuture<BodyPool.Lease> second = takeLater(MEBIBYTE, new AtomicBoolean());

        gone.set(true);

        assertThat(first.join()).isNull();
        assertThat(second).isNotDone();
        all.recycle();
        assertThat(second.join()).isNotNull();
    }

    @Test
    void aForfeitedArrayIsNeverUsedAgain() throws Exception {
        BodyPool.Lease lease = pool.take(4 * MEBIBYTE, () -> false);
        lease.forfeit();
        lease.recycle();

        assertThat(pool.usedBytes()).isZero();
        assertThat(pool.take(4 * MEBIBYTE, () -> false).array()).isNotSameAs(lease.array());
    }

    @Test
    void arraysNobodyUsedForLongAreGivenUp() throws Exception {
        BodyPool.Lease lease = pool.take(4 * MEBIBYTE, () -> false);
        lease.recycle();
        clock.addAndGet(Duration.ofMinutes(1).toNanos());

        pool.trim(Duration.ofMinutes(1));

        assertThat(pool.take(4 * MEBIBYTE, () -> false).array()).isNotSameAs(lease.array());
    }

    @Test
    void anAnswerMadeOfTheBodyIsNoticed() throws Exception {
        BodyPool.Lease lease = pool.take(100_000, () -> false);

        assertThat(lease.isPartOf(Message.of(ByteBuffer.wrap(lease.array(), 5, 6))))
                .isTrue();
        assertThat(lease.isPartOf(Message.of(ByteBuffer.wrap(lease.array()).asReadOnlyBuffer())))
                .isTrue();
        assertThat(lease.isPartOf(Message.of(ByteBuffer.allocate(10)))).isFalse();
    }
}
