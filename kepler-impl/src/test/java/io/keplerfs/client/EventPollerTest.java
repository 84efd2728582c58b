package io.keplerfs.client;

import static io.keplerfs.client.ClusterChangesTest.member;
import static io.keplerfs.client.ClusterChangesTest.status;
import static io.keplerfs.values.MemberState.ALIVE;
import static io.keplerfs.values.MemberState.DEAD;
import static io.keplerfs.values.MemberState.SUSPECT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerEvent.MemberChanged;
import io.keplerfs.Subscription;
import io.keplerfs.values.MemberState;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventPollerTest {
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final LinkedBlockingQueue<ClusterStatus> script = new LinkedBlockingQueue<>();
    private final AtomicInteger looks = new AtomicInteger();
    private final EventPoller poller = new EventPoller(this::look, Duration.ofMillis(1), this::thread);
    private final List<KeplerEvent> heard = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        poller.close();
        await().until(() -> threads.stream().noneMatch(Thread::isAlive));
    }

    @Test
    void changesFromTheFirstLookOnAreHeardInOrder() {
        script.add(status(1, true, member(1, DEAD)));
        script.add(status(1, true, member(1, ALIVE)));
        script.add(status(1, true, member(1, SUSPECT)));
        script.add(status(1, true, member(1, ALIVE)));

        poller.add(heard::add);

        await().until(() -> heard.size() == 3);
        assertThat(heard).extracting(event -> ((MemberChanged) event).now()).containsExactly(ALIVE, SUSPECT, ALIVE);
    }

    @Test
    void aTimeWithoutAGatewayHidesNoChange() {
        script.add(status(1, true, member(1, ALIVE)));
        poller.add(heard::add);
        int before = looks.get();
        await().until(() -> looks.get() > before + 3); // each but the first fails: the script is empty

        script.add(status(1, true, member(1, DEAD)));

        await().until(() -> heard.size() == 1);
    }

    @Test
    void aListenerThatThrowsDisturbsNobody() {
        poller.add(event -> {
            throw new IllegalStateException("not my day");
        });
        poller.add(heard::add);
        script.add(status(1, true, member(1, ALIVE)));
        script.add(status(1, true, member(1, DEAD)));
        script.add(status(1, true, member(1, ALIVE)));

        await().until(() -> heard.size() == 2);
    }

    @Test
    void theThreadEndsWithTheLastListenerAndBeginsAgainWithTheNext() {
        Subscription one = poller.add(heard::add);
        Subscription other = poller.add(heard::add);
        one.close();
        one.close();
        assertThat(threads).hasSize(1).allMatch(Thread::isAlive);

        other.close();
        await().until(() -> !threads.get(0).isAlive());

        poller.add(heard::add);
        assertThat(threads).hasSize(2);
    }

    @Test
    void aListenerMayEndItsOwnSubscription() {
        LinkedBlockingQueue<Subscription> own = new LinkedBlockingQueue<>();
        own.add(poller.add(event -> {
            heard.add(event);
            own.remove().close();
        }));
        script.add(status(1, true, member(1, ALIVE)));
        for (MemberState state : List.of(DEAD, ALIVE, DEAD)) {
            script.add(status(1, true, member(1, state)));
        }

        await().until(() -> !threads.get(0).isAlive());
        assertThat(heard).hasSize(1);
    }

    @Test
    void afterCloseNothingIsAskedForOrHeard() {
        poller.close();

        poller.add(heard::add);

        assertThat(threads).isEmpty();
    }

    private ClusterStatus look() throws IOException {
        looks.incrementAndGet();
        try {
            ClusterStatus next = script.poll(5, TimeUnit.MILLISECONDS);
            if (next == null) {
                throw new IOException("no gateway answers");
            }
            return next;
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }

    private Thread thread(Runnable task) {
        Thread thread = new Thread(task, "poller-" + threads.size());
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }
}
