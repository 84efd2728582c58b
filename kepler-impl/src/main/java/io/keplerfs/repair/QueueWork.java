package io.keplerfs.repair;

import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.values.Backlog;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The copies of the replication queue as long work: a round begins with the first copy owed and ends when none is left. Small tasks
 * are no part of it: they come and go with every overwrite. Owned by the loop.
 */
public final class QueueWork implements LongWork {
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Loop loop;
    private final ReplicationQueue queue;
    private final Pace pace = new Pace();
    private boolean inRound;
    private long copiesBefore;
    private long bytesBefore;
    private @Nullable Instant lastFinished;

    public QueueWork(Loop loop, ReplicationQueue queue) {
        this.loop = loop;
        this.queue = queue;
    }

    /** Begins to measure. On the loop, once. */
    public void start() {
        look();
        loop.schedule(LOOK, this::start);
    }

    private void look() {
        boolean owes = Backlog.copies(queue.backlog()) > 0;
        if (owes && !inRound) {
            inRound = true;
            copiesBefore = queue.copiesDone();
            bytesBefore = queue.bytesDone();
        } else if (!owes && inRound) {
            inRound = false;
            lastFinished = Instant.ofEpochMilli(loop.wallMillis());
        }
        if (inRound && !queue.copiesPaused()) {
            pace.note(loop.nanoTime(), queue.bytesDone());
        } else {
            pace.forget();
        }
    }

    @Override
    public RepairWork progress() {
        List<Backlog> backlog = queue.backlog();
        long done = inRound ? queue.copiesDone() - copiesBefore : 0;
        long doneBytes = inRound ? queue.bytesDone() - bytesBefore : 0;
        long total = done + Backlog.copies(backlog);
        return new RepairWork(
                RepairStatus.QUEUE,
                queue.copiesPaused()
                        ? RepairWork.State.PAUSED
                        : inRound ? RepairWork.State.RUNNING : RepairWork.State.WAITING,
                done,
                total,
                doneBytes,
                doneBytes + Backlog.bytes(backlog),
                pace.bytesPerSecond(),
                total,
                Optional.ofNullable(lastFinished));
    }

    @Override
    public void startNow() {
        queue.resumeCopies();
        queue.hurry();
    }

    @Override
    public void pause() {
        queue.pauseCopies();
    }

    @Override
    public void resume() {
        queue.resumeCopies();
    }
}
