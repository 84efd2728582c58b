package io.keplerfs.sim;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.Acceptor;
import io.keplerfs.register.Configuration;
import io.keplerfs.register.Configurations;
import io.keplerfs.register.StageGate;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.Mistakes.Slip;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one node knows and does about a scripted move of one register: stage 2 = the old owners, 3 = both, 4 = the new ones. One
 * life of one node.
 */
final class SimOwnership implements Configurations, StageGate {
    static final long OLD = 2;
    static final long BOTH = 3;
    static final long NEW = 4;

    private static final Duration PULL_TIMEOUT = Duration.ofMillis(200);

    /** Who owns the register before and after, and what goes wrong on the way. */
    record Script(RegisterKey key, List<NodeId> before, List<NodeId> after, Mistakes mistakes) {
        Configuration at(long stage) {
            if (stage == BOTH && !mistakes.has(Slip.OLD_MAJORITY_ONLY)) {
                return new Configuration(stage, List.of(before, after));
            }
            return new Configuration(stage, List.of(stage < NEW ? before : after));
        }
    }

    private final Script script;
    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Map<NodeId, RegisterRow> pulled = new HashMap<>();
    private long known = OLD;
    private boolean synced;

    SimOwnership(Script script, Loop loop, Rpc rpc, Store store) {
        this.script = script;
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
    }

    void start() {
        rpc.serve(Kind.VIEW_OFFER, (from, head, body, responder) -> enter(head.int64()));
        rpc.serve(Kind.SYNC_PULL, (from, head, body, responder) -> answerPull(responder));
        loop.when(store.read(SimOwnership::entered), (stage, failure) -> learn(stage == null ? OLD : stage));
        loop.when(
                store.read(snapshot -> snapshot.setting("synced").isPresent()),
                (before, failure) -> synced |= Boolean.TRUE.equals(before));
    }

    boolean isSynced() {
        return synced;
    }

    /** Enters a stage durably, then works in it. */
    void enter(long stage) {
        if (stage <= known) {
            return;
        }
        loop.when(store.write(transaction -> raise(transaction, stage)), (now, failure) -> {
            if (failure == null) {
                learn(stage);
            }
        });
    }

    private void learn(long stage) {
        known = Math.max(known, stage);
    }

    private static long raise(Store.Transaction transaction, long stage) {
        long now = Math.max(entered(transaction), stage);
        transaction.putSetting("stage", new WireWriter().int64(now).toBytes());
        return now;
    }

    private static long entered(Store.Snapshot snapshot) {
        return snapshot.setting("stage")
                .map(bytes -> new WireReader(bytes).int64())
                .orElse(OLD);
    }

    /** Pulls from the old owners until a majority has told what it accepted, and makes it this owner's own. */
    void pull() {
        if (synced || known < BOTH) {
            return;
        }
        byte[] request = new WireWriter().u8(Kind.SYNC_PULL.code()).toBytes();
        for (NodeId owner : script.before()) {
            Message message = Message.of(ByteBuffer.wrap(request));
            loop.when(rpc.call(owner, Lane.CONTROL, message, PULL_TIMEOUT), (answer, failure) -> {
                if (answer != null) {
                    pulled.put(owner, readRow(new WireReader(answer.head())));
                    mergeWhenEnough();
                }
            });
        }
    }

    private void mergeWhenEnough() {
        int needed =
                script.mistakes().has(Slip.ONE_OLD_OWNER) ? 1 : script.before().size() / 2 + 1;
        if (synced || pulled.size() < needed) {
            return;
        }
        List<RegisterRow> rows = List.copyOf(pulled.values());
        loop.when(
                store.write(transaction -> merge(transaction, rows)),
                (done, failure) -> synced |= Boolean.TRUE.equals(done));
    }

    private boolean merge(Store.Transaction transaction, List<RegisterRow> rows) {
        if (entered(transaction) < BOTH) {
            return false;
        }
        RegisterRow own = transaction.register(script.key());
        for (RegisterRow row : rows) {
            own = merged(own, row);
        }
        transaction.putRegister(own);
        transaction.putSetting("synced", new byte[] {1});
        return true;
    }

    private RegisterRow merged(RegisterRow own, RegisterRow old) {
        boolean below = old.accepted().compareTo(own.promised()) < 0;
        if (script.mistakes().has(Slip.HEEDS_PROMISES) && below) {
            RegisterRow unread = new RegisterRow(old.key(), own.promised(), own.accepted(), own.value(), old.memory());
            return Acceptor.merge(own, unread);
        } else if (script.mistakes().has(Slip.DROPS_PROMISES)) {
            return Acceptor.merge(own, promising(old, old.accepted()));
        } else if (script.mistakes().has(Slip.VOTES_FOR_INHERITED)) {
            RegisterRow merged = Acceptor.merge(promising(own, own.accepted()), promising(old, old.accepted()));
            return promising(merged, Acceptor.merge(own, old).promised());
        }
        return Acceptor.merge(own, old);
    }

    private static RegisterRow promising(RegisterRow row, Ballot ballot) {
        return new RegisterRow(row.key(), ballot, row.accepted(), row.value(), row.memory());
    }

    private void answerPull(Transport.Responder responder) {
        store.write(transaction -> {
                    if (!script.mistakes().has(Slip.UNFENCED)) {
                        raise(transaction, BOTH);
                    }
                    return transaction.register(script.key());
                })
                .thenAccept(row -> responder.respond(Message.of(writeRow(row))));
        if (!script.mistakes().has(Slip.UNFENCED)) {
            enter(BOTH);
        }
    }

    private static ByteBuffer writeRow(RegisterRow row) {
        return new WireWriter()
                .register(row.key())
                .ballot(row.promised())
                .ballot(row.accepted())
                .bytes(row.value())
                .bytes(row.memory())
                .toBuffer();
    }

    private static RegisterRow readRow(WireReader in) {
        return new RegisterRow(in.register(), in.ballot(), in.ballot(), in.bytes(), in.bytes());
    }

    @Override
    public Configuration of(RegisterKey key) {
        return script.at(known);
    }

    @Override
    public void peerIsAhead(NodeId peer, long stage) {
        enter(stage);
    }

    @Override
    public void peerIsBehind(NodeId peer, long stage) {
        byte[] offer = new WireWriter().u8(Kind.VIEW_OFFER.code()).int64(known).toBytes();
        rpc.call(peer, Lane.CONTROL, Message.of(ByteBuffer.wrap(offer)), PULL_TIMEOUT);
    }

    @Override
    public long stage(Store.Snapshot transaction) {
        return script.mistakes().has(Slip.GATE_NOT_IN_TRANSACTION) ? known : entered(transaction);
    }
}
