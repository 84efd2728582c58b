package io.keplerfs.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;

/** Makes daemons and remembers them, so that a test can ask whether a thread is one of these and whether all have ended. */
final class RecordedThreads implements ThreadFactory {
    private final String name;
    private final List<Thread> made = new CopyOnWriteArrayList<>();

    RecordedThreads(NodeId node) {
        this.name = "contract-" + node.toString().substring(0, 8) + "-";
    }

    @Override
    public Thread newThread(Runnable task) {
        Thread thread = new Thread(task, name + made.size());
        thread.setDaemon(true);
        made.add(thread);
        return thread;
    }

    boolean made(Thread thread) {
        return made.contains(thread);
    }

    void awaitEnd(Duration patience) {
        for (Thread thread : made) {
            try {
                thread.join(patience.toMillis());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            assertThat(thread.isAlive()).as("%s still runs", thread.getName()).isFalse();
        }
    }
}
