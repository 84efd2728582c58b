package io.keplerfs.register;

import io.keplerfs.loop.Loop;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes tombstones from all owners without letting anything older come back (protocols.md, section 6). First every member of
 * the view is asked, in one stage of the ownership; only what nobody objects to is removed, in the same stage:
 *
 * <ul>
 *   <li>an owner agrees if it holds this very tombstone, or has removed it already, or has nothing where nothing was ever accepted:
 *       a row may hold no more than the promise to a write that came to nothing;
 *   <li>a member that is no owner agrees and drops whatever row an earlier ownership has left it;
 *   <li>nobody agrees while a fast write of the key waits there, and no owner that remembers a fencing token of the key.
 * </ul>
 *
 * <p>Whoever removes a row raises the shard's {@link Floor} with it, so that no write from before the delete is accepted later.
 *
 * <pre>
 * request     u8 kind | long stage | bool remove | list of (register, ballot accepted)
 * answer      bool same stage | list of bool agreed
 * </pre>
 */
public final class Tombstones {
    /** Tombstones in one request: a transaction of some milliseconds. */
    public static final int MAX_BATCH = 500;

    private static final Logger log = LoggerFactory.getLogger(Tombstones.class);

    private record Grave(RegisterKey key, Ballot accepted) {
        static Grave read(WireReader in) {
            return new Grave(in.register(), in.ballot());
        }

        void write(WireWriter out) {
            out.register(key).ballot(accepted);
        }
    }

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Configurations configurations;
    private final StageGate gate;
    private final Fault fault;

    public Tombstones(Loop loop, Rpc rpc, Store store, Configurations configurations, StageGate gate) {
        this(loop, rpc, store, configurations, gate, Fault.NONE);
    }

    Tombstones(Loop loop, Rpc rpc, Store store, Configurations configurations, StageGate gate, Fault fault) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.configurations = configurations;
        this.gate = gate;
        this.fault = fault;
    }

    /** Begins to answer; call it once, before any message can arrive. */
    public void start() {
        rpc.serve(Kind.TOMBSTONES, (from, head, body, responder) -> answer(head, responder));
    }

    /** Whether nothing has happened to this register since that time, and there is nothing in it. */
    public static boolean isRipe(RegisterRow row, long untilMillis) {
        return !row.live()
                && !Floor.isFloor(row.key())
                && !row.key().bucket().equals(Configurations.VIEW_BUCKET)
                && isUnfenced(row)
                && Math.max(row.promised().millis(), row.accepted().millis()) <= untilMillis;
    }

    /**
     * Removes those of the tombstones that everybody agrees to. On the loop.
     *
     * @param rows of this node's store, at most {@link #MAX_BATCH}
     * @param stage of an ownership that is not moving
     * @param members everybody in its view
     * @return how many were removed here; completes on the loop, 0 if somebody did not answer
     */
    public CompletableFuture<Integer> remove(
            List<RegisterRow> rows, long stage, Collection<NodeId> members, Duration timeout) {
        List<Grave> graves =
                rows.stream().map(row -> new Grave(row.key(), row.accepted())).toList();
        CompletableFuture<Integer> removed = new CompletableFuture<>();
        ask(graves, stage, false, members, timeout, agreed -> {
            if (agreed.isEmpty()) {
                removed.complete(0);
            } else {
                ask(agreed, stage, true, members, timeout, gone -> removed.complete(agreed.size()));
            }
        });
        return removed;
    }

    private interface Agreed {
        void on(List<Grave> graves);
    }

    private void ask(
            List<Grave> graves, long stage, boolean remove, Collection<NodeId> members, Duration timeout, Agreed then) {
        byte[] request = new WireWriter()
                .u8(Kind.TOMBSTONES.code())
                .int64(stage)
                .bool(remove)
                .list(graves, (out, grave) -> grave.write(out))
                .toBytes();
        Map<NodeId, List<Boolean>> answers = new HashMap<>();
        List<NodeId> waiting = new ArrayList<>(members);
        for (NodeId member : members) {
            Message message = Message.of(java.nio.ByteBuffer.wrap(request));
            loop.when(rpc.call(member, Lane.CONTROL, message, timeout), (answer, failure) -> {
                if (answer != null) {
                    answers.put(member, read(member, answer, graves.size()));
                }
                waiting.remove(member);
                if (waiting.isEmpty()) {
                    then.on(agreed(graves, members, answers));
                }
            });
        }
    }

    private List<Grave> agreed(List<Grave> graves, Collection<NodeId> members, Map<NodeId, List<Boolean>> answers) {
        List<Grave> agreed = new ArrayList<>();
        for (int i = 0; i < graves.size(); i++) {
            int at = i;
            long yes = answers.values().stream()
                    .filter(answer -> at < answer.size() && answer.get(at))
                    .count();
            int needed = fault == Fault.SWEEP_WITHOUT_ALL ? members.size() - 1 : members.size();
            if (yes >= needed) {
                agreed.add(graves.get(i));
            }
        }
        return agreed;
    }

    private static List<Boolean> read(NodeId member, Message answer, int expected) {
        try {
            WireReader in = new WireReader(answer.head());
            List<Boolean> agreed = in.bool() ? in.list(WireReader::bool) : List.of();
            return agreed.size() == expected ? agreed : List.of();
        } catch (MalformedMessageException malformed) {
            log.warn(
                    "node {} answered about tombstones in a way that cannot be read: {}",
                    member,
                    malformed.getMessage());
            return List.of();
        }
    }

    private void answer(WireReader head, Transport.Responder responder) {
        long stage;
        boolean remove;
        List<Grave> graves;
        try {
            stage = head.int64();
            remove = head.bool();
            graves = head.list(Grave::read);
            head.end();
        } catch (MalformedMessageException malformed) {
            responder.fail("malformed TOMBSTONES: " + malformed.getMessage());
            return;
        }
        loop.execute(() -> {
            List<Boolean> owned = new ArrayList<>();
            for (Grave grave : graves) {
                Configuration configuration = configurations.of(grave.key());
                if (configuration.stage() != stage || configuration.ownerSets().size() != 1) {
                    responder.respond(otherStage());
                    return;
                }
                owned.add(configuration.owners().contains(rpc.self()));
            }
            decide(stage, remove, graves, owned, responder);
        });
    }

    private static Message otherStage() {
        return Message.of(new WireWriter().bool(false).toBuffer());
    }

    private void decide(
            long stage, boolean remove, List<Grave> graves, List<Boolean> owned, Transport.Responder responder) {
        CompletableFuture<Message> answer = store.write(tables -> {
            if (gate.stage(tables) != stage) {
                return otherStage();
            }
            List<Boolean> agreed = new ArrayList<>();
            for (int i = 0; i < graves.size(); i++) {
                boolean agrees = owned.get(i) ? agrees(tables, graves.get(i)) : dropped(tables, graves.get(i));
                agreed.add(agrees);
                if (remove && agrees && owned.get(i)) {
                    bury(tables, graves.get(i));
                }
            }
            return Message.of(
                    new WireWriter().bool(true).list(agreed, WireWriter::bool).toBuffer());
        });
        answer.whenComplete((message, failure) -> {
            if (failure != null) {
                responder.fail("TOMBSTONES failed in the store of " + rpc.self() + ": " + failure);
            } else {
                responder.respond(message);
            }
        });
    }

    private static boolean agrees(Store.Transaction tables, Grave grave) {
        RegisterRow row = tables.register(grave.key());
        boolean untouched = row.promised().isZero() && row.accepted().isZero();
        boolean gone = untouched
                && (grave.accepted().isZero() || Floor.of(tables, grave.key()).compareTo(grave.accepted()) > 0);
        boolean same = !untouched && !row.live() && row.accepted().equals(grave.accepted()) && isUnfenced(row);
        return (gone || same) && tables.intents(grave.key()).isEmpty();
    }

    /** A row that remembers a fencing token is the only proof that lower tokens are over. */
    private static boolean isUnfenced(RegisterRow row) {
        return Memory.decode(row.memory()).fence() == 0;
    }

    private static boolean dropped(Store.Transaction tables, Grave grave) {
        if (!tables.intents(grave.key()).isEmpty()) {
            return false;
        }
        tables.removeRegister(grave.key());
        return true;
    }

    private void bury(Store.Transaction tables, Grave grave) {
        RegisterRow row = tables.register(grave.key());
        if (!row.promised().isZero() || !row.accepted().isZero()) {
            if (fault != Fault.SWEEP_WITHOUT_FLOOR) {
                Floor.raiseAbove(tables, row);
            }
            tables.removeRegister(grave.key());
        }
    }
}
