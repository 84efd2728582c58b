package io.keplerfs.repair;

import io.keplerfs.RepairWork;
import io.keplerfs.loop.Loop;
import io.keplerfs.repair.NeedCheck.Need;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.Views;
import io.keplerfs.wire.MalformedMessageException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Once in {@link LifeTimes#audit} recomputes from the manifests of this node's registers who should know and hold what, and has
 * added what is missing; what nobody has any more is reported. It deletes nothing. Owned by the loop.
 *
 * <p>The owners of a register take turns, one in each week: the work is done once, and no owner's table is trusted for ever. A
 * round survives a restart, stands still while ownership moves and while the replication queue is long, and takes breath after
 * every batch. Versions younger than {@link LifeTimes#unreferenced} are left to those who wrote them.
 */
public final class ManifestAudit implements LongWork {
    private static final String SETTING = "audit";
    /** Registers read at a time; with the largest inline files some 10 MB. */
    private static final int PAGE = 200;
    /** Between two batches: 10 million small files take some hours, and everything else comes first. */
    private static final Duration BREATH = Duration.ofMillis(250);
    /** While ownership moves, the disk fails or the queue is long. */
    private static final Duration WAIT = Duration.ofSeconds(5);
    /** A longer queue is worked off first: what the audit would find missing may be on its way. */
    private static final long LONG_QUEUE = 10_000;

    private static final Logger log = LoggerFactory.getLogger(ManifestAudit.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Views views;
    private final Needs needs;
    private final LifeTimes ages;
    private final LongSupplier queued;
    private final NeedCheck check;

    private AuditRound round = AuditRound.never(0);
    private boolean loaded;
    private boolean paused;
    /** A step is under way or scheduled. */
    private boolean stepping;
    /** The page that is being looked at, null between pages. */
    private @Nullable Page page;

    private long rateSinceNanos;
    private long rateFromBytes;

    /** One part of the chunks of one version. */
    private record Part(Needs.Version version, int number) {}

    /**
     * Some registers, in work.
     *
     * @param last register, null if there are no more
     * @param versions how many of them this node looks at
     * @param bytes their length
     * @param parts to be read
     * @param needs to be asked for
     */
    private record Page(@Nullable RegisterKey last, int versions, long bytes, Deque<Part> parts, Deque<Need> needs) {}

    /**
     * @param queued how many tasks wait in the replication queue
     * @param epoch up to which view this node has read references
     */
    public ManifestAudit(
            Loop loop,
            Rpc rpc,
            Store store,
            Views views,
            ChunkDelivery delivery,
            Needs needs,
            LifeTimes ages,
            LongSupplier queued,
            LongSupplier epoch) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.views = views;
        this.needs = needs;
        this.ages = ages;
        this.queued = queued;
        this.check = new NeedCheck(loop, rpc, new NeedCalls(rpc, store, epoch), delivery);
    }

    /** Goes on where an earlier run ended, and begins rounds when they are due. On the loop, once. */
    public void start() {
        loop.when(store.read(tables -> tables.setting(SETTING)), (setting, failure) -> {
            if (setting == null) {
                loop.schedule(WAIT, this::start);
                return;
            }
            AuditRound stored = setting.flatMap(ManifestAudit::read).orElse(null);
            // Nodes of a new cluster begin at different times.
            round = stored != null
                    ? stored
                    : AuditRound.never(loop.wallMillis()
                            - loop.random().nextLong(Math.max(1, ages.audit().toMillis())));
            loaded = true;
            rateFromHere();
            if (stored == null) {
                save();
            }
            look();
        });
    }

    private static Optional<AuditRound> read(byte[] setting) {
        try {
            return Optional.of(AuditRound.fromBytes(setting));
        } catch (MalformedMessageException damaged) {
            log.warn("how far the audit was cannot be read, it begins anew: {}", damaged.getMessage());
            return Optional.empty();
        }
    }

    private void look() {
        if (!round.running() && !paused && isDue()) {
            startNow();
        }
        go();
        loop.schedule(ages.look(), this::look);
    }

    /** A clock that was ahead when a round began must not put the next one off. */
    private boolean isDue() {
        long since = loop.wallMillis() - round.startedMillis();
        return since < 0 || since >= ages.audit().toMillis();
    }

    @Override
    public RepairWork progress() {
        RepairWork.State state = paused
                ? RepairWork.State.PAUSED
                : round.running() ? RepairWork.State.RUNNING : RepairWork.State.WAITING;
        double seconds = (loop.nanoTime() - rateSinceNanos) / 1e9;
        long rate = state == RepairWork.State.RUNNING && seconds > 0
                ? (long) ((round.bytes() - rateFromBytes) / seconds)
                : 0;
        boolean running = round.running();
        return new RepairWork(
                "audit",
                state,
                round.versions(),
                running ? Math.max(round.versions(), round.versionsBefore()) : round.versions(),
                round.bytes(),
                running ? Math.max(round.bytes(), round.bytesBefore()) : round.bytes(),
                rate,
                round.found(),
                round.finishedMillis() == 0
                        ? Optional.empty()
                        : Optional.of(Instant.ofEpochMilli(round.finishedMillis())));
    }

    @Override
    public void startNow() {
        paused = false;
        if (loaded && !round.running()) {
            round = round.begin(loop.wallMillis());
            save();
        }
        rateFromHere();
        go();
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        paused = false;
        rateFromHere();
        go();
    }

    private void rateFromHere() {
        rateSinceNanos = loop.nanoTime();
        rateFromBytes = round.bytes();
    }

    private void go() {
        if (!stepping) {
            stepping = true;
            step();
        }
    }

    private void stepAfter(Duration pause) {
        loop.schedule(pause, this::step);
    }

    private void step() {
        if (paused || !round.running()) {
            stepping = false;
            return;
        }
        Ownership ownership = views.ownership().filter(o -> o.next().isEmpty()).orElse(null);
        if (ownership == null || queued.getAsLong() > LONG_QUEUE) {
            stepAfter(WAIT);
        } else if (page == null) {
            read(ownership.current());
        } else {
            gather(page, ownership);
        }
    }

    private void read(View view) {
        RegisterKey cursor = round.cursor();
        loop.when(store.read(tables -> tables.registersAfter(cursor, PAGE)), (rows, failure) -> {
            if (rows == null) {
                stepAfter(WAIT);
                return;
            }
            page = pageOf(rows, view);
            step();
        });
    }

    private Page pageOf(List<RegisterRow> rows, View view) {
        long youngest = loop.wallMillis() - ages.unreferenced().toMillis();
        Deque<Part> parts = new ArrayDeque<>();
        int versions = 0;
        long bytes = 0;
        for (RegisterRow row : rows) {
            if (!row.live() || !isOurTurn(row.key(), view)) {
                continue;
            }
            Needs.Version version = needs.of(row).orElse(null);
            if (version != null && version.writtenMillis() <= youngest) {
                versions++;
                bytes += version.sizeBytes();
                for (int part = 0; part < version.parts(); part++) {
                    parts.add(new Part(version, part));
                }
            }
        }
        RegisterKey last = rows.size() < PAGE ? null : rows.get(rows.size() - 1).key();
        return new Page(last, versions, bytes, parts, new ArrayDeque<>());
    }

    private boolean isOurTurn(RegisterKey key, View view) {
        List<NodeId> owners = view.ring().owners(view.ring().partitionOf(key.bucket(), key.shard()));
        long week = round.startedMillis() / Math.max(1, ages.audit().toMillis());
        return owners.get((int) (week % owners.size())).equals(rpc.self());
    }

    /** Reads parts until there are enough questions for one batch. */
    private void gather(Page here, Ownership ownership) {
        Part part = here.needs().size() < NeedCalls.MOST ? here.parts().poll() : null;
        if (part == null) {
            ask(here, ownership);
            return;
        }
        loop.when(part.version().part(part.number()), (chunks, failure) -> {
            if (chunks == null) {
                log.warn(
                        "audit: a part of the list of chunks of {}/{} cannot be read now, so they are not looked at: {}",
                        part.version().pin().bucket(),
                        part.version().pin().key(),
                        String.valueOf(failure));
                round = round.foundMore(1);
            } else {
                chunks.forEach(chunk -> here.needs().add(new Need(part.version(), chunk)));
            }
            gather(here, ownership);
        });
    }

    private void ask(Page here, Ownership ownership) {
        List<Need> batch = new ArrayList<>();
        while (batch.size() < NeedCalls.MOST && !here.needs().isEmpty()) {
            batch.add(here.needs().remove());
        }
        if (batch.isEmpty()) {
            endPage(here);
            return;
        }
        loop.when(check.check(batch, ownership), (found, failure) -> {
            if (found == null) {
                log.debug("audit: what is missing could not be queued, trying again: {}", String.valueOf(failure));
                batch.forEach(here.needs()::addFirst);
                stepAfter(WAIT);
                return;
            }
            round = round.foundMore(found);
            stepAfter(BREATH);
        });
    }

    private void endPage(Page done) {
        round = round.page(done.last(), done.versions(), done.bytes(), loop.wallMillis());
        page = null;
        save();
        if (!round.running()) {
            log.info(
                    "audit: looked at {} versions, {} bytes; {} chunks lacked a reference or a copy",
                    round.versions(),
                    round.bytes(),
                    round.found());
        }
        stepAfter(BREATH);
    }

    /** If it is not stored a restart does some work again. */
    private void save() {
        byte[] now = round.toBytes();
        loop.when(
                store.write(tables -> {
                    tables.putSetting(SETTING, now);
                    return true;
                }),
                (saved, failure) -> {
                    if (failure != null) {
                        log.debug("how far the audit is was not stored: {}", failure.toString());
                    }
                });
    }
}
