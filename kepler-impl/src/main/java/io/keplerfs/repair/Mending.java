package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Registers;
import io.keplerfs.register.Settled;
import io.keplerfs.register.StageGate;
import io.keplerfs.repair.DigestMessages.Held;
import io.keplerfs.repair.DigestMessages.Row;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.wire.MalformedMessageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes in what another owner has and this one lacks. Registers come as late accepts, which the acceptor refuses where they would
 * undo anything: below a promise, below what is accepted, below the floor that removed tombstones leave. References are copied
 * unless the upload was dropped here, and bytes that are missing are owed to this node itself by its own queue.
 */
final class Mending {
    /** What is younger is probably still on its usual way here. */
    static final Duration YOUNG = Duration.ofMinutes(1);

    /** Chunks owed to this node at a time: the next ones wait for these, so that the queue stays short. */
    static final int MOST_OWED = 1_000;

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(Mending.class);

    private final Loop loop;
    private final Store store;
    private final Registers registers;
    private final StageGate gate;
    private final Debts debts;

    /** The tasks that bring a chunk's bytes to this node. */
    @FunctionalInterface
    interface Debts {
        List<QueueRow> of(ChunkRef chunk, Pin pin);
    }

    /**
     * What became of some differences.
     *
     * @param mended rows taken, references copied, chunks queued
     * @param later young, or refused for the moment: worth another look soon
     * @param left for the removal of tombstones or the audit to decide
     */
    record Mended(int mended, int later, int left) {
        static final Mended NOTHING = new Mended(0, 0, 0);

        Mended plus(Mended other) {
            return new Mended(mended + other.mended, later + other.later, left + other.left);
        }
    }

    Mending(Loop loop, Store store, Registers registers, StageGate gate, Debts debts) {
        this.loop = loop;
        this.store = store;
        this.registers = registers;
        this.gate = gate;
        this.debts = debts;
    }

    /** @param stage in which the rows were read; in a later one nothing happens */
    CompletableFuture<Mended> registers(long stage, List<Row> rows) {
        List<CompletableFuture<Mended>> each = new ArrayList<>();
        rows.forEach(row -> each.add(offer(stage, row)));
        return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new))
                .thenApply(all -> each.stream().map(CompletableFuture::join).reduce(Mended.NOTHING, Mended::plus));
    }

    private CompletableFuture<Mended> offer(long stage, Row row) {
        RegisterValue value;
        try {
            value = RegisterValue.decode(row.value());
        } catch (MalformedMessageException damaged) {
            log.warn("another owner's value of {} cannot be read: {}", row.key(), damaged.getMessage());
            return CompletableFuture.completedFuture(new Mended(0, 0, 1));
        }
        return registers
                .offerIn(stage, row.key(), row.accepted(), value, store.nodeId(), TIMEOUT)
                .thenCompose(offered -> switch (offered) {
                    case TAKEN -> CompletableFuture.completedFuture(new Mended(1, 0, 0));
                    // A disk that is full is no promise: writing the value anew on every owner would not bring it here.
                    case TURNED_AWAY -> later();
                    case REFUSED -> refused(stage, row, value);
                });
    }

    private enum Why {
        STAGE_ENDED,
        NEWER_NOW,
        BUSY,
        NO_ROOM,
        BELOW_FLOOR,
        PROMISED
    }

    private CompletableFuture<Mended> refused(long stage, Row theirs, RegisterValue value) {
        long young = loop.wallMillis() - YOUNG.toMillis();
        return store.read(tables -> why(tables, stage, theirs, value, young)).thenCompose(why -> switch (why) {
            case NEWER_NOW -> CompletableFuture.completedFuture(Mended.NOTHING);
            case BUSY, NO_ROOM, STAGE_ENDED -> later();
            // A tombstone that was removed here: its last owners remove it too, when everybody agrees.
            case BELOW_FLOOR -> CompletableFuture.completedFuture(new Mended(0, 0, 1));
            // What is current is written again above the promise or the floor.
            case PROMISED ->
                registers
                        .settle(theirs.key(), RegisterValue.NONE.id(), TIMEOUT)
                        .thenCompose(settled -> settled instanceof Settled.Sealed ? mended(theirs) : later());
        });
    }

    /** A majority without this node settles a register, too. */
    private CompletableFuture<Mended> mended(Row theirs) {
        return store.read(tables -> tables.register(theirs.key()).accepted().compareTo(theirs.accepted()) >= 0
                ? new Mended(1, 0, 0)
                : new Mended(0, 1, 0));
    }

    private static CompletableFuture<Mended> later() {
        return CompletableFuture.completedFuture(new Mended(0, 1, 0));
    }

    private Why why(Store.Snapshot tables, long stage, Row theirs, RegisterValue value, long youngMillis) {
        RegisterRow mine = tables.register(theirs.key());
        boolean untouched = mine.promised().isZero() && mine.accepted().isZero();
        if (gate.stage(tables) != stage) {
            return Why.STAGE_ENDED;
        } else if (mine.accepted().compareTo(theirs.accepted()) >= 0) {
            return Why.NEWER_NOW;
        } else if (Math.max(mine.promised().millis(), theirs.accepted().millis()) > youngMillis) {
            return Why.BUSY;
        } else if (untouched && value.absent()) {
            return Why.BELOW_FLOOR;
        }
        // Tombstones are written on a full disk, too; any other value would be settled everywhere but here.
        boolean room = value.absent() || store.usage().hasRoomForCopy(theirs.value().length);
        return room ? Why.PROMISED : Why.NO_ROOM;
    }

    /**
     * Fails with {@link CutShortException} while this node's own queue is full.
     *
     * @param stage in which the references were read; in a later one nothing happens
     */
    CompletableFuture<Mended> chunks(long stage, List<Held> theirs) {
        return store.write(tables -> {
            if (gate.stage(tables) != stage) {
                return new Mended(0, theirs.size(), 0);
            }
            int room = MOST_OWED
                    - tables.due(store.nodeId(), Long.MAX_VALUE, MOST_OWED).size();
            if (room == 0) {
                throw new CutShortException(MOST_OWED + " chunks are owed to this node already: the rest later");
            }
            Mended mended = Mended.NOTHING;
            for (Held held : theirs) {
                mended = mended.plus(take(tables, held, room - mended.mended()));
            }
            return mended;
        });
    }

    private Mended take(Store.Transaction tables, Held held, int room) {
        Pin pin = held.reference().pin();
        if (held.ageMillis() < YOUNG.toMillis() || room <= 0) {
            return new Mended(0, 1, 0);
        } else if (!held.reference().isLive() || tables.isDropped(pin.upload())) {
            log.debug("upload {} was dropped here and lives elsewhere: left to the audit", pin.upload());
            return new Mended(0, 0, 1);
        }
        tables.copyReference(held.reference());
        boolean here = tables.chunk(held.reference().chunk())
                .filter(row -> row.state() == ChunkRow.State.LIVE)
                .isPresent();
        if (!here) {
            debts.of(new ChunkRef(held.reference().chunk(), held.sizeBytes()), pin)
                    .forEach(tables::enqueue);
        }
        return new Mended(1, 0, 0);
    }
}
