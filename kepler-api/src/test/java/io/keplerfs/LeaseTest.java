package io.keplerfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.MemoryBucket.End;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Leases over a bucket whose writes end as scripted, on a clock that moves only when somebody waits. */
class LeaseTest {
    private static final Duration TTL = Duration.ofSeconds(10);
    private static final Duration LONG = Duration.ofMinutes(1);

    private final MemoryBucket bucket = new MemoryBucket();
    private final TestClock clock = new TestClock();

    private static final class TestClock implements LeaseSurroundings {
        private long now = -5;
        private Runnable atEveryPause = () -> {};
        private int ids;

        @Override
        public String newId() {
            return "holder-" + ++ids;
        }

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void pause(Duration duration) {
            now += duration.toNanos();
            atEveryPause.run();
        }

        void pass(Duration duration) {
            now += duration.toNanos();
        }
    }

    private Lease acquire(String owner, Duration wait) throws KeplerException {
        return Lease.acquire(bucket, "lock", LeaseOptions.of(owner, TTL).withPatience(wait), clock);
    }

    @Test
    void tokensRiseFromHolderToHolder() throws Exception {
        for (long token = 1; token <= 3; token++) {
            try (Lease lease = acquire("a", Duration.ZERO)) {
                assertThat(lease.token()).isEqualTo(token);
                assertThat(lease.isHeld()).isTrue();
                assertThat(lease.remaining()).isEqualTo(TTL);
            }
        }
    }

    @Test
    void tokensGoOnRisingAfterTheLockFileWasDeleted() throws Exception {
        for (int i = 0; i < 4; i++) {
            acquire("a", Duration.ZERO).release();
        }
        bucket.delete("lock");

        assertThat(acquire("b", Duration.ZERO).token()).isEqualTo(5);
    }

    @Test
    void whoIsHeldUpIsToldByWhomAndWhichToken() throws Exception {
        acquire("host-a", Duration.ZERO);

        assertThatThrownBy(() -> acquire("b", Duration.ZERO))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("host-a")
                .hasMessageContaining("token 1");
    }

    @Test
    void aSilentHolderIsTakenOverAfterItsWholeTtlWasWatchedAndNotBefore() throws Exception {
        Lease dead = acquire("dead", Duration.ZERO);
        clock.pass(LONG); // nobody watched

        assertThatThrownBy(() -> acquire("b", TTL)).isInstanceOf(PreconditionFailedException.class);
        long before = clock.now;
        Lease next = acquire("c", TTL.multipliedBy(2));

        assertThat(Duration.ofNanos(clock.now - before)).isGreaterThanOrEqualTo(TTL);
        assertThat(next.token()).isEqualTo(2);
        assertThat(dead.isHeld()).isFalse();
        assertThatThrownBy(dead::renew)
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("lost");
        assertThat(dead.release()).isFalse();
        assertThat(next.isHeld()).isTrue();
    }

    @Test
    void aHolderThatRenewsIsNeverTakenOver() throws Exception {
        Lease alive = acquire("alive", Duration.ZERO);
        clock.atEveryPause = () -> {
            try {
                alive.renew();
            } catch (KeplerException impossible) {
                throw new AssertionError(impossible);
            }
        };

        assertThatThrownBy(() -> acquire("b", TTL.multipliedBy(5))).isInstanceOf(PreconditionFailedException.class);
        assertThat(alive.isHeld()).isTrue();
    }

    @Test
    void theEndIsCountedFromBeforeTheRenewalWasSent() throws Exception {
        Lease lease = acquire("a", Duration.ZERO);
        clock.pass(Duration.ofSeconds(4));
        assertThat(lease.remaining()).isEqualTo(Duration.ofSeconds(6));
        lease.renew();
        assertThat(lease.remaining()).isEqualTo(TTL);
        clock.pass(TTL);
        assertThat(lease.isHeld()).isFalse();
    }

    @Test
    void anAcquisitionWhoseAnswerIsLostIsFoundByItsId() throws Exception {
        acquire("a", Duration.ZERO).release();
        bucket.nextWritesEnd(End.DONE_UNTOLD);

        Lease lease = acquire("b", Duration.ZERO);

        assertThat(lease.token()).isEqualTo(2);
        lease.renew();
        assertThat(lease.isHeld()).isTrue();
    }

    @Test
    void anAcquisitionThatDidNotHappenIsTriedAgainAsLongAsThereIsTime() throws Exception {
        acquire("a", Duration.ZERO).release();
        bucket.nextWritesEnd(End.LOST_UNTOLD);
        assertThatThrownBy(() -> acquire("b", Duration.ZERO)).isInstanceOf(IndeterminateException.class);
        bucket.nextWritesEnd(End.LOST_UNTOLD, End.REFUSED);

        assertThat(acquire("b", LONG).token()).isEqualTo(2);
    }

    @Test
    void aRenewalWhoseAnswerIsLostIsFoundOrRepeated() throws Exception {
        Lease lease = acquire("a", Duration.ZERO);
        for (End end : List.of(End.DONE_UNTOLD, End.LOST_UNTOLD)) {
            clock.pass(Duration.ofSeconds(8));
            bucket.nextWritesEnd(end);
            lease.renew();
            assertThat(lease.remaining()).isEqualTo(TTL);
        }
    }

    @Test
    void aRenewalThatIsRefusedLeavesTheLeaseAsItWas() throws Exception {
        Lease lease = acquire("a", Duration.ZERO);
        clock.pass(Duration.ofSeconds(4));
        bucket.nextWritesEnd(End.REFUSED);

        assertThatThrownBy(lease::renew).isInstanceOf(UnavailableException.class);
        assertThat(lease.remaining()).isEqualTo(Duration.ofSeconds(6));
    }

    @Test
    void aReleaseWhoseAnswerIsLostIsARelease() throws Exception {
        Lease lease = acquire("a", Duration.ZERO);
        bucket.nextWritesEnd(End.DONE_UNTOLD);

        assertThat(lease.release()).isTrue();
        assertThat(lease.release()).isFalse();
        assertThatThrownBy(lease::renew).hasMessageContaining("released");
        assertThat(acquire("b", Duration.ZERO).token()).isEqualTo(2);
    }

    @Test
    void theLateWriteOfAPausedHolderIsRefused() throws Exception {
        Lease paused = acquire("paused", Duration.ZERO);
        Lease next = acquire("next", LONG);
        bucket.put("file", new byte[] {2}, PutOptions.fencing(next.token()));

        assertThatThrownBy(() -> bucket.put("file", new byte[] {1}, PutOptions.fencing(paused.token())))
                .isInstanceOf(PreconditionFailedException.class);
    }

    @Test
    void aFileThatIsNoLockIsLeftAlone() throws Exception {
        bucket.put("lock", new byte[] {1});

        assertThatThrownBy(() -> acquire("a", LONG))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("no lock file");
    }

    @Test
    void itIsRenewedOnTheCallersExecutorUntilItIsLostAndThatIsToldOnce() throws Exception {
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
        List<KeplerException> told = new ArrayList<>();
        AtomicInteger calls = new AtomicInteger();
        try {
            Lease lease = Lease.acquire(bucket, "lock", LeaseOptions.of("a", LeaseOptions.SHORTEST_TTL), clock);
            String first = bucket.head("lock").etag();
            lease.keepRenewing(executor, failure -> {
                told.add(failure);
                calls.incrementAndGet();
            });
            Awaitility.await().until(() -> !bucket.head("lock").etag().equals(first));
            FileInfo now = bucket.head("lock");
            bucket.delete("lock");
            bucket.put("lock", new byte[0], metadata(now).fencingToken(2).build());

            Awaitility.await().until(() -> calls.get() == 1);
            assertThat(told).singleElement().isInstanceOf(PreconditionFailedException.class);
            assertThat(lease.isHeld()).isFalse();
        } finally {
            executor.shutdownNow();
        }
    }

    private static PutOptions.Builder metadata(FileInfo before) throws InvalidRequestException {
        LeaseRecord record = LeaseRecord.of(before);
        PutOptions.Builder options = PutOptions.builder();
        new LeaseRecord(record.token() + 1, record.ttl(), "b", java.util.Optional.of("b"))
                .toMetadata()
                .forEach(options::metadata);
        return options;
    }
}
