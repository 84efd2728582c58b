package io.keplerfs.listen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerEvent.EventsMissed;
import io.keplerfs.KeplerEvent.ViewChanged;
import io.keplerfs.Subscription;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ListenersTest {
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final Listeners listeners = new Listeners(this::thread);
    private final List<KeplerEvent> heard = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch blocked = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void close() {
        release.countDown();
        listeners.close();
        await().until(() -> threads.stream().noneMatch(Thread::isAlive));
    }

    @Test
    void eventsAreHeardInOrderOneAtATime() {
        AtomicBoolean inside = new AtomicBoolean();
        AtomicBoolean overlapped = new AtomicBoolean();
        listeners.add(event -> {
            overlapped.compareAndSet(false, !inside.compareAndSet(false, true));
            heard.add(event);
            inside.set(false);
        });

        tell(1, 500);

        await().until(() -> heard.size() == 500);
        assertThat(heard).isEqualTo(events(1, 500));
        assertThat(overlapped).isFalse();
    }

    @Test
    void aListenerThatBlocksDelaysNobodyElse() throws InterruptedException {
        listeners.add(this::block);
        listeners.add(heard::add);

        tell(1, 1);
        blocked.await();
        for (int last = 1; last < 3 * Audience.MOST_WAITING; last += 1_000) {
            tell(last + 1, last + 1_000);
            long heardThen = last + 1_000;
            await().until(() -> heard.size() == heardThen);
        }
    }

    @Test
    void aSlowListenerIsToldHowManyEventsItMissed() throws InterruptedException {
        listeners.add(event -> {
            heard.add(event);
            block(event);
        });
        tell(1, 1);
        blocked.await();

        tell(2, Audience.MOST_WAITING + 1);
        tell(Audience.MOST_WAITING + 2, Audience.MOST_WAITING + 8);
        release.countDown();

        await().until(() -> heard.contains(new EventsMissed(7)));
        tell(9_999, 9_999);
        await().until(() -> heard.contains(event(9_999)));
        List<KeplerEvent> expected = new ArrayList<>(events(1, Audience.MOST_WAITING + 1));
        expected.add(new EventsMissed(7));
        expected.add(event(9_999));
        assertThat(heard).isEqualTo(expected);
    }

    @Test
    void whatAListenerThrowsDoesNotEndItsEvents() {
        listeners.add(event -> {
            heard.add(event);
            if (heard.size() == 1) {
                throw new AssertionError("not my day");
            }
            throw new IllegalStateException("nor mine");
        });

        tell(1, 3);

        await().until(() -> heard.size() == 3);
    }

    @Test
    void noCallRunsOrStartsOnceTheSubscriptionHasEnded() throws Exception {
        Subscription subscription = listeners.add(event -> {
            block(event);
            heard.add(event);
        });
        tell(1, 2);
        blocked.await();

        CompletableFuture<Void> ending = CompletableFuture.runAsync(subscription::close);
        release.countDown();
        ending.get(30, TimeUnit.SECONDS);

        List<KeplerEvent> atTheEnd = List.copyOf(heard);
        tell(3, 4);
        await().until(() -> threads.stream().noneMatch(Thread::isAlive));
        assertThat(heard).isEqualTo(atTheEnd);
        assertThat(atTheEnd).contains(event(1));
    }

    @Test
    void aListenerThatEndsItselfIsNotInterrupted() {
        CompletableFuture<Subscription> own = new CompletableFuture<>();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        own.complete(listeners.add(event -> {
            own.join().close();
            interrupted.complete(Thread.currentThread().isInterrupted());
        }));

        tell(1, 1);

        assertThat(interrupted.join()).isFalse();
        assertThat(listeners.isEmpty()).isTrue();
    }

    @Test
    void closingInterruptsAListenerThatBlocksAndDoesNotWaitForIt() throws InterruptedException {
        listeners.add(this::block);
        tell(1, 1);
        blocked.await();

        listeners.close();

        await().until(() -> threads.stream().noneMatch(Thread::isAlive));
        listeners.add(heard::add);
        tell(2, 2);
        assertThat(heard).isEmpty();
        assertThat(threads).hasSize(1);
    }

    private void block(KeplerEvent event) {
        blocked.countDown();
        try {
            release.await();
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(long from, long to) {
        events(from, to).forEach(listeners::tell);
    }

    private static List<KeplerEvent> events(long from, long to) {
        return LongStream.rangeClosed(from, to).mapToObj(ListenersTest::event).toList();
    }

    private static KeplerEvent event(long number) {
        return new ViewChanged(number, true, List.of());
    }

    private Thread thread(Runnable task) {
        Thread thread = new Thread(task, "listener-" + threads.size());
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }
}
