package io.keplerfs.repair;

import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerEvent.RepairProgress;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.loop.Loop;
import io.keplerfs.repair.RepairMessages.Request;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Store;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.Measure;
import io.keplerfs.values.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where operators ask after the long work of this node and give orders about it. Owned by the loop.
 *
 * <p>Serves {@link Kind#REPAIR}; nothing it answers waits for the disk, so a node that is busy repairing still says so.
 */
public final class RepairDesk {
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final long TELL_NANOS = Duration.ofSeconds(5).toNanos();
    /** Summing up what could be freed walks an index. */
    private static final long SPACE_NANOS = Duration.ofSeconds(30).toNanos();

    private static final Logger log = LoggerFactory.getLogger(RepairDesk.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final ReplicationQueue queue;
    private final Bandwidth bandwidth;
    private final List<LongWork> works;
    private final Consumer<KeplerEvent> listeners;
    private final Map<String, Told> told = new HashMap<>();

    private boolean lookingAtSpace;
    private long spaceSeenNanos;
    private Store.Space space = new Store.Space(0, 0);
    private volatile RepairStatus newest;

    /** @param logged whether the operator has read of this round */
    private record Told(RepairWork.State state, long nanos, boolean logged) {}

    /**
     * Before any message can arrive.
     *
     * @param works asked at every look; may grow until {@link #start}
     * @param listeners told of begin, progress and end
     */
    public RepairDesk(
            Loop loop,
            Rpc rpc,
            Store store,
            ReplicationQueue queue,
            Bandwidth bandwidth,
            List<LongWork> works,
            Consumer<KeplerEvent> listeners) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.queue = queue;
        this.bandwidth = bandwidth;
        this.works = works;
        this.listeners = listeners;
        this.spaceSeenNanos = loop.nanoTime() - SPACE_NANOS;
        this.newest = new RepairStatus(rpc.self(), "", List.of(), List.of(), bandwidth.bytesPerSecond(), 0, 0);
        rpc.serve(Kind.REPAIR, (from, head, body, responder) -> {
            Request request = RepairMessages.readRequest(head);
            loop.execute(() -> responder.respond(follow(request)));
        });
    }

    /** Begins to look. On the loop, once. */
    public void start() {
        lookAtSpace();
        newest = status();
        newest.works().forEach(this::tell);
        loop.schedule(LOOK, this::start);
    }

    private RepairStatus status() {
        return new RepairStatus(
                rpc.self(),
                "",
                works.stream().map(LongWork::progress).toList(),
                queue.backlog(),
                bandwidth.bytesPerSecond(),
                space.trashBytes(),
                space.unreferencedBytes());
    }

    private void lookAtSpace() {
        if (lookingAtSpace || loop.nanoTime() - spaceSeenNanos < SPACE_NANOS) {
            return;
        }
        lookingAtSpace = true;
        loop.when(store.read(Store.Snapshot::space), (seen, failure) -> {
            lookingAtSpace = false;
            spaceSeenNanos = loop.nanoTime();
            if (seen != null) {
                space = seen;
            }
        });
    }

    private Message follow(Request request) {
        try {
            switch (request.order()) {
                case TELL -> {}
                case THROTTLE -> throttle(request.bytesPerSecond());
                case START -> named(request.work()).startNow();
                case PAUSE -> named(request.work()).pause();
                case RESUME -> named(request.work()).resume();
            }
        } catch (IllegalArgumentException refused) {
            return RepairMessages.refused(String.valueOf(refused.getMessage()));
        }
        switch (request.order()) {
            case TELL -> {}
            case THROTTLE -> log.info("copies get {} bytes per second, by order", bandwidth.bytesPerSecond());
            default -> log.info("{}: {}, by order", request.work(), request.order());
        }
        return RepairMessages.write(status());
    }

    private void throttle(long bytesPerSecond) {
        bandwidth.throttle(bytesPerSecond);
    }

    private LongWork named(String name) {
        return works.stream()
                .filter(work -> work.progress().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no work '" + name + "'; there are "
                        + works.stream().map(work -> work.progress().name()).toList()));
    }

    private void tell(RepairWork work) {
        long now = loop.nanoTime();
        Told before = told.getOrDefault(work.name(), new Told(RepairWork.State.WAITING, now, false));
        boolean same = before.state() == work.state();
        if (same && (work.state() != RepairWork.State.RUNNING || now - before.nanos() < TELL_NANOS)) {
            return;
        }
        boolean logged = log(work, before, same);
        told.put(work.name(), new Told(work.state(), now, logged));
        listeners.accept(new RepairProgress(stage(before.state(), work.state()), work));
    }

    private static RepairProgress.Stage stage(RepairWork.State before, RepairWork.State now) {
        return switch (now) {
            case WAITING -> RepairProgress.Stage.FINISHED;
            case PAUSED -> RepairProgress.Stage.PAUSED;
            case RUNNING ->
                before == RepairWork.State.WAITING ? RepairProgress.Stage.BEGUN : RepairProgress.Stage.RUNNING;
        };
    }

    /** One line when a round has lasted for five seconds, and one at its end: most are over before. */
    private boolean log(RepairWork work, Told before, boolean same) {
        if (work.state() == RepairWork.State.RUNNING && same && !before.logged()) {
            log.info("{} runs: {} of {} done, {} bytes left", work.name(), work.done(), work.total(), left(work));
            return true;
        } else if (work.state() == RepairWork.State.WAITING && before.logged()) {
            log.info("{} is through", work.name());
            return false;
        }
        return before.logged();
    }

    private static long left(RepairWork work) {
        return work.totalBytes() - work.doneBytes();
    }

    /** For the operator's graphs, at most a second old. Any thread. */
    public List<Measure> measures() {
        RepairStatus now = newest;
        List<Measure> measures = new ArrayList<>();
        backlog(measures, now, "kepler_repair_queue_tasks", "tasks owed to other nodes", Backlog::tasks);
        backlog(measures, now, "kepler_repair_queue_bytes", "bytes to copy at most", Backlog::bytes);
        gauge(measures, "under_replicated_chunks", "chunks that lack a copy", now.underReplicatedChunks());
        gauge(measures, "bandwidth_bytes_per_second", "cap on copies", now.bandwidthBytesPerSecond());
        gauge(measures, "trash_bytes", "chunks waiting for their end", now.trashBytes());
        gauge(measures, "unreferenced_bytes", "chunks nobody needs", now.unreferencedBytes());
        works(measures, now, "kepler_repair_running", "1 while it works", work -> isIn(work, RepairWork.State.RUNNING));
        works(measures, now, "kepler_repair_paused", "1 while paused", work -> isIn(work, RepairWork.State.PAUSED));
        works(measures, now, "kepler_repair_left", "units left of this round", work -> work.total() - work.done());
        works(measures, now, "kepler_repair_left_bytes", "bytes left of this round", RepairDesk::left);
        works(measures, now, "kepler_repair_bytes_per_second", "measured rate", RepairWork::bytesPerSecond);
        works(measures, now, "kepler_repair_found", "differences or damages of this round", RepairWork::found);
        return measures;
    }

    private static int isIn(RepairWork work, RepairWork.State state) {
        return work.state() == state ? 1 : 0;
    }

    private static void gauge(List<Measure> measures, String name, String help, long value) {
        measures.add(Measure.gauge("kepler_repair_" + name, help, "", (double) value));
    }

    private static void backlog(
            List<Measure> measures, RepairStatus now, String name, String help, ToDoubleFunction<Backlog> value) {
        // A series that vanishes when there is nothing to do looks like a node that does not answer.
        for (Priority priority : Priority.values()) {
            Optional<Backlog> some = now.backlog().stream()
                    .filter(one -> one.priority() == priority)
                    .findFirst();
            double number = some.map(value::applyAsDouble).orElse(0.0);
            measures.add(Measure.gauge(name, help, "priority=\"" + priority.word() + "\"", number));
        }
    }

    private static void works(
            List<Measure> measures, RepairStatus now, String name, String help, ToDoubleFunction<RepairWork> value) {
        for (RepairWork work : now.works()) {
            measures.add(Measure.gauge(name, help, "work=\"" + work.name() + "\"", value.applyAsDouble(work)));
        }
    }
}
