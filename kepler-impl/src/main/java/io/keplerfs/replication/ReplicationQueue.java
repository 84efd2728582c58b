package io.keplerfs.replication;

import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable list of what other nodes still lack, and its delivery: at least once, across restarts, in batches per target.
 * Owned by the loop; {@link #add} may be called anywhere.
 *
 * <p>Each target has two lanes: one for small tasks, one for copies of chunks, the most urgent first. Neither waits for the other.
 * Copies of all targets share a {@link CopyWindow}; a target that found no room is served before those that had some.
 *
 * <p>Targets that do not answer cost nothing: their tasks wait untouched until the target can be reached again.
 */
public final class ReplicationQueue {
    /**
     * Whoever finds lacking copies by walking over a disk adds no more while so many copies wait for targets that can be
     * reached, and goes on from where it was later: a row and its two index entries take some 500 bytes, and what waits here is
     * looked through every few seconds. Those for other targets do not count: nobody knows when they will have become fewer.
     */
    public static final long LONG = 100_000;

    private static final Duration PUMP = Duration.ofMillis(500);
    private static final Duration CATCH_UP_AGAIN = Duration.ofSeconds(5);
    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
    private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(5);
    /** Copies for one target that are under way at the same time. */
    private static final int BATCH = 4;
    /** The same of small tasks, each of which is a round of messages at most. */
    private static final int SMALL_BATCH = 8;
    /**
     * A delivery that has not ended by then counts as failed, so that its lane goes on. Far above any that goes well: a fast
     * write of a large file gives the references of all its chunks first.
     */
    static final Duration LONGEST_DELIVERY = Duration.ofMinutes(10);

    /** Tasks for targets that have left, removed per period: some 20 ms of the disk's one writer, and a million in 4 minutes. */
    static final int DEPARTED_BATCH = 2_000;

    /** Up to here the tasks are summed up at every look. */
    private static final long FEW = 1_000;
    /** Above, they are not for so long, and ten times as long as it took: it takes 0.2 s for 100,000, and seconds for a million. */
    private static final Duration SUM_UP = Duration.ofSeconds(5);

    private static final int SUM_UP_SHARE = 10;

    private static final Logger log = LoggerFactory.getLogger(ReplicationQueue.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Supplier<Set<NodeId>> targets;
    private final Map<String, Delivery> deliveries = new HashMap<>();
    private final Set<String> inLine = new HashSet<>();
    private final Set<NodeId> busyWithSmall = new HashSet<>();
    private final Set<NodeId> busyWithCopies = new HashSet<>();
    private final CopyWindow window = new CopyWindow();
    /** Targets that found the window full, in that order. */
    private final Set<NodeId> hungry = new LinkedHashSet<>();
    /** Targets whose last copy failed: they get one at a time. */
    private final Set<NodeId> doubtful = new HashSet<>();
    /** Tasks being delivered. */
    private final Set<Identity> inFlight = ConcurrentHashMap.newKeySet();
    /** Tasks added anew during their delivery, which may have been too early for the new reason; used in transactions only. */
    private final Map<Identity, QueueRow> addedAgain = new HashMap<>();

    private final long startNanos;
    /** What {@link #nowMillis} showed at the start. */
    private final long startMillis;

    private boolean pumping;
    private volatile boolean copiesPaused;
    private boolean forgetting;
    private volatile long waiting;
    private volatile boolean isLong;
    private volatile List<Backlog> backlog = List.of();
    private boolean summingUp;
    private long nextSumNanos;
    private long copiesDone;
    private long bytesDone;

    private record Look(long queued, long copies) {
        static Look at(Store.Snapshot tables, Set<NodeId> reachable) {
            long queued = tables.queued();
            return new Look(queued, queued < LONG ? 0 : tables.copiesQueued(reachable, LONG));
        }
    }

    private record Identity(String kind, ByteBuffer id, NodeId target) {
        static Identity of(QueueRow task) {
            return new Identity(task.kind(), ByteBuffer.wrap(task.id()), task.target());
        }
    }

    /** @param targets the nodes to serve, asked on the loop */
    public ReplicationQueue(Loop loop, Rpc rpc, Store store, Supplier<Set<NodeId>> targets) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.targets = targets;
        this.startNanos = loop.nanoTime();
        this.startMillis = loop.wallMillis();
        this.nextSumNanos = startNanos;
    }

    /** Says how tasks of a kind are done; before {@link #start}. */
    public void deliverWith(String kind, Delivery delivery) {
        deliveries.put(kind, delivery);
    }

    /** The same of a kind that waits its turn, for as long as there is more urgent work, and bounds each of its steps itself. */
    void deliverInLineWith(String kind, Delivery delivery) {
        deliverWith(kind, delivery);
        inLine.add(kind);
    }

    /** Begins to deliver. On the loop, once. */
    public void start() {
        catchUp();
        look();
    }

    private void look() {
        pump();
        if (waiting > 0) {
            forgetDeparted();
        }
        loop.schedule(PUMP, this::look);
    }

    /**
     * The time of this queue: the wall clock at its start, and steady from there. Had somebody set the clock back by a day, the
     * tasks would otherwise wait for a day.
     */
    private long nowMillis() {
        return startMillis + (loop.nanoTime() - startNanos) / 1_000_000;
    }

    /**
     * If the clock was set back while this node was down, tasks of earlier runs seem to be due in hours. They are due now, and so
     * is what waits after failures: of all that this node knew of other nodes nothing is certain any more.
     */
    private void catchUp() {
        loop.when(hurried(), (done, failure) -> {
            if (failure != null) {
                log.debug("tasks of earlier runs keep their times for now: {}", failure.toString());
                loop.schedule(CATCH_UP_AGAIN, this::catchUp);
            } else {
                pump();
            }
        });
    }

    private CompletableFuture<Boolean> hurried() {
        return store.write(tables -> {
            tables.hurry(nowMillis());
            return true;
        });
    }

    /** Tasks not yet delivered, as of the last look. Any thread. */
    public long waiting() {
        return waiting;
    }

    /** Whether so many copies wait for targets within reach that hints should not become more of them. Any thread. */
    public boolean isLong() {
        return isLong;
    }

    /** What the tasks come to, as of the last sum, some seconds old when there are many. Any thread. */
    public List<Backlog> backlog() {
        return backlog;
    }

    /** Copies that were made, or found to be there, since the start. On the loop. */
    public long copiesDone() {
        return copiesDone;
    }

    /** Bytes of {@link #copiesDone}; what was there already counts too, and cost nothing. On the loop. */
    public long bytesDone() {
        return bytesDone;
    }

    /** Begins no copy until they are {@linkplain #resumeCopies resumed}; small tasks, which clients wait for, go on. On the loop. */
    public void pauseCopies() {
        copiesPaused = true;
    }

    /** On the loop. */
    public void resumeCopies() {
        copiesPaused = false;
        pump();
    }

    /** Whether copies are paused. Any thread. */
    public boolean copiesPaused() {
        return copiesPaused;
    }

    /** Tries everything now, whatever it waits for. On the loop. */
    public void hurry() {
        loop.when(hurried(), (done, failure) -> pump());
    }

    /** Makes tasks durable; delivery begins soon after. Any thread. */
    public CompletableFuture<Void> add(List<QueueRow> tasks) {
        if (tasks.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return store.write(tables -> {
                    tasks.forEach(task -> {
                        tables.enqueue(task);
                        if (inFlight.contains(Identity.of(task))) {
                            addedAgain.put(Identity.of(task), task);
                        }
                    });
                    return true;
                })
                .thenAccept(added -> loop.execute(this::pump));
    }

    /** A new task, due at once. Any thread. */
    public QueueRow task(String kind, byte[] id, NodeId target, long epoch, String reason) {
        return new QueueRow(kind, id, target, epoch, reason, 0, 0, nowMillis());
    }

    /** Looks for tasks that another transaction has made durable. Any thread. */
    public void lookSoon() {
        loop.execute(this::pump);
    }

    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        Set<NodeId> reachable = reachable();
        loop.when(store.read(tables -> Look.at(tables, reachable)), (look, failure) -> {
            pumping = false;
            if (look != null) {
                waiting = look.queued();
                isLong = look.copies() >= LONG;
                sumUp();
            }
            if (waiting > 0) {
                reachable().forEach(this::serve);
            }
        });
    }

    /** Beside the looks, because deliveries must not wait for it. */
    private void sumUp() {
        if (waiting == 0) {
            backlog = List.of();
        } else if (!summingUp && (waiting <= FEW || loop.nanoTime() - nextSumNanos >= 0)) {
            summingUp = true;
            long began = loop.nanoTime();
            loop.when(store.read(Store.Snapshot::backlog), (seen, failure) -> {
                summingUp = false;
                long now = loop.nanoTime();
                nextSumNanos = now + Math.max(SUM_UP.toNanos(), SUM_UP_SHARE * (now - began));
                if (seen != null) {
                    backlog = waiting == 0 ? List.of() : seen;
                }
            });
        }
    }

    private Set<NodeId> served() {
        Set<NodeId> served = new LinkedHashSet<>(targets.get());
        // A node that has left every view still delivers its own fast writes.
        served.add(rpc.self());
        return served;
    }

    private Set<NodeId> reachable() {
        Set<NodeId> reachable = new LinkedHashSet<>(served());
        reachable.removeIf(target -> !rpc.reachable(target));
        return reachable;
    }

    /** A node that is no owner any more lacks nothing; its tasks would stay for ever. */
    private void forgetDeparted() {
        Set<NodeId> served = served();
        doubtful.retainAll(served);
        if (served.size() > 1 && !forgetting) {
            forgetting = true;
            loop.when(store.write(tables -> tables.dequeueAllBut(served, DEPARTED_BATCH)), (gone, failure) -> {
                forgetting = false;
                if (failure != null) {
                    log.debug("tasks for nodes that have left stay for now: {}", failure.toString());
                }
            });
        }
    }

    private void serve(NodeId target) {
        serveSmall(target);
        serveCopies(target);
    }

    private void serveSmall(NodeId target) {
        if (!busyWithSmall.add(target)) {
            return;
        }
        long now = nowMillis();
        loop.when(store.read(tables -> tables.due(target, Priority.SMALL, now, SMALL_BATCH)), (tasks, failure) -> {
            if (tasks == null || tasks.isEmpty()) {
                busyWithSmall.remove(target);
                return;
            }
            List<CompletableFuture<Boolean>> settled =
                    tasks.stream().map(this::deliver).toList();
            loop.when(CompletableFuture.allOf(settled.toArray(CompletableFuture[]::new)), (all, lost) -> {
                busyWithSmall.remove(target);
                if (settled.stream().anyMatch(CompletableFuture::join)) {
                    serveSmall(target);
                }
            });
        });
    }

    private void serveCopies(NodeId target) {
        if (copiesPaused || busyWithCopies.contains(target)) {
            return;
        }
        if (window.isFull()) {
            hungry.add(target);
            return;
        }
        busyWithCopies.add(target);
        long now = nowMillis();
        boolean oneAtATime = doubtful.contains(target);
        CompletableFuture<List<QueueRow>> due = store.read(
                tables -> oneAtATime ? longestDueCopy(tables, target, now) : mostUrgentCopies(tables, target, now));
        loop.when(due, (tasks, failure) -> {
            List<QueueRow> admitted = tasks == null || copiesPaused ? List.of() : window.admit(tasks);
            if (admitted.isEmpty()) {
                busyWithCopies.remove(target);
                if (tasks != null && !tasks.isEmpty()) {
                    hungry.add(target);
                }
            } else {
                copy(target, admitted);
            }
        });
    }

    private static List<QueueRow> mostUrgentCopies(Store.Snapshot tables, NodeId target, long nowMillis) {
        List<QueueRow> tasks = new ArrayList<>();
        for (Priority priority : Priority.copies()) {
            if (tasks.size() < BATCH) {
                tasks.addAll(tables.due(target, priority, nowMillis, BATCH - tasks.size()));
            }
        }
        return tasks;
    }

    /** Whatever its priority: urgent copies that fail, because nobody has the chunk just now, must not keep the others waiting. */
    private static List<QueueRow> longestDueCopy(Store.Snapshot tables, NodeId target, long nowMillis) {
        return Priority.copies().stream()
                .flatMap(priority -> tables.due(target, priority, nowMillis, 1).stream())
                .min(Comparator.comparingLong(QueueRow::nextAttemptMillis))
                .map(List::of)
                .orElse(List.of());
    }

    private void copy(NodeId target, List<QueueRow> tasks) {
        List<CompletableFuture<Boolean>> settled = new ArrayList<>();
        for (QueueRow task : tasks) {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            settled.add(done);
            loop.when(deliver(task), (delivered, lost) -> {
                window.release(task);
                boolean succeeded = Boolean.TRUE.equals(delivered);
                note(target, task, succeeded);
                done.complete(succeeded);
                feedHungry();
            });
        }
        loop.when(CompletableFuture.allOf(settled.toArray(CompletableFuture[]::new)), (all, lost) -> {
            busyWithCopies.remove(target);
            if (settled.stream().anyMatch(CompletableFuture::join)) {
                serveCopies(target);
            }
        });
    }

    private void note(NodeId target, QueueRow task, boolean succeeded) {
        if (succeeded) {
            doubtful.remove(target);
            copiesDone++;
            bytesDone += task.bytes();
        } else {
            doubtful.add(target);
        }
    }

    private void feedHungry() {
        if (!hungry.isEmpty() && !window.isFull()) {
            List<NodeId> next = List.copyOf(hungry);
            hungry.clear();
            next.stream().filter(rpc::reachable).forEach(this::serveCopies);
        }
    }

    /** Whether the task is done and forgotten; never fails. */
    private CompletableFuture<Boolean> deliver(QueueRow task) {
        inFlight.add(Identity.of(task));
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        loop.when(
                deliverOne(task),
                (nothing, failure) -> loop.when(
                        store.write(tables -> settle(tables, task, failure)),
                        (stored, lost) -> done.complete(failure == null && lost == null)));
        return done;
    }

    private CompletableFuture<Void> deliverOne(QueueRow task) {
        Delivery delivery = deliveries.get(task.kind());
        if (delivery == null) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("this version knows no task of kind " + task.kind()));
        }
        try {
            CompletableFuture<Void> delivered = delivery.deliver(task);
            return inLine.contains(task.kind())
                    ? delivered
                    : Patience.atMost(
                            LONGEST_DELIVERY, loop, "task " + task.kind() + " for " + task.target(), delivered);
        } catch (RuntimeException malformed) {
            return CompletableFuture.failedFuture(malformed);
        }
    }

    private boolean settle(Store.Transaction tables, QueueRow task, @Nullable Throwable failure) {
        inFlight.remove(Identity.of(task));
        QueueRow again = addedAgain.remove(Identity.of(task));
        if (failure == null) {
            if (again == null) {
                tables.dequeue(task.kind(), task.id(), task.target());
            }
        } else {
            int attempts = nothingWasSent(failure) ? 1 : task.attempts() + 1;
            log.debug(
                    "task {} for {} failed, attempt {}: {}", task.kind(), task.target(), attempts, failure.toString());
            QueueRow newest = again == null ? task : again;
            tables.enqueue(newest.failed(attempts, nowMillis(), nowMillis() + backoffMillis(attempts)));
        }
        return true;
    }

    /** Then it costs nothing to look again soon: nobody should wait minutes after a partition heals. */
    private static boolean nothingWasSent(Throwable failure) {
        return failure instanceof UnavailableException
                || (failure instanceof TransportException lost && !lost.maybeDelivered());
    }

    /** Doubles from one second to five minutes; spread by a hash of the clock, because chance belongs to the loop. */
    private long backoffMillis(int attempts) {
        long doubled = FIRST_BACKOFF.toMillis() << Math.min(attempts - 1, 20);
        long capped = Math.min(doubled, LONGEST_BACKOFF.toMillis());
        return capped / 2 + Math.floorMod((loop.nanoTime() * 0x9E3779B97F4A7C15L) >>> 16, capped / 2 + 1);
    }
}
