package io.keplerfs.view;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.Acceptor;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
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
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a new owner gets the registers it will own (protocols.md, section 4): in a transition it merges the accepted state of a
 * majority of the old owners <em>that have entered the transition</em>, page by page, and says so. Owned by the loop.
 *
 * <p>The accepted state is taken even below a ballot promised here: refusing it because of a promise loses acked writes.
 *
 * <pre>
 * pull:    u8 kind | long stage | bool has cursor | [ register cursor ]
 * answer:  u8 status (0 rows follow, 1 not in that stage) | list of rows | bool more | [ register cursor ]
 * row:     register | ballot promised | ballot accepted | bytes value | bytes memory
 * </pre>
 */
public final class Sync {
    private static final Duration PULL_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofMillis(500);
    /** Rows looked at for one page, and bytes after which it ends: a page is one transaction at the new owner. */
    private static final int PAGE_ROWS = 1000;

    private static final int PAGE_BYTES = 1 << 20;
    private static final int ROWS_FOLLOW = 0;
    private static final int OTHER_STAGE = 1;
    private static final Logger log = LoggerFactory.getLogger(Sync.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Views views;
    private final Fault fault;

    private long stage;
    private final Set<NodeId> merged = new HashSet<>();
    private final Set<NodeId> pulling = new HashSet<>();

    public Sync(Loop loop, Rpc rpc, Store store, Views views) {
        this(loop, rpc, store, views, Fault.NONE);
    }

    Sync(Loop loop, Rpc rpc, Store store, Views views, Fault fault) {
        this.fault = fault;
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.views = views;
        rpc.serve(Kind.SYNC_PULL, this::answerPull);
        views.onChange(this::onOwnership);
    }

    /** Goes on with a transition that an earlier run had begun. On the loop. */
    public void resume() {
        views.ownership().ifPresent(this::onOwnership);
    }

    private void onOwnership(Ownership ownership) {
        if (ownership.stage() != stage) {
            stage = ownership.stage();
            merged.clear();
            pulling.clear();
            if (isMine(ownership)) {
                merged.add(rpc.self());
                keepPulling(stage);
            }
        }
    }

    private boolean isMine(Ownership ownership) {
        return ownership.next().isPresent()
                && ownership.next().get().has(rpc.self())
                && !ownership.synced().contains(rpc.self());
    }

    private void keepPulling(long forStage) {
        if (stage == forStage && views.ownership().filter(this::isMine).isPresent()) {
            advance();
            loop.schedule(RETRY, () -> keepPulling(forStage));
        }
    }

    private void advance() {
        Ownership ownership = views.ownership().orElse(null);
        if (ownership == null || ownership.stage() != stage || !isMine(ownership)) {
            return;
        }
        if (isComplete(ownership)) {
            log.info("stage {}: merged from {} old owners, synced", stage, merged.size());
            views.learn(ownership.withSynced(rpc.self()));
            return;
        }
        for (NodeId old : ownership.current().ids()) {
            if (!merged.contains(old) && pulling.add(old)) {
                pull(old, stage, null);
            }
        }
    }

    private boolean isComplete(Ownership ownership) {
        Ring after = ownership.newest().ring();
        for (int partition = 0; partition < after.partitions(); partition++) {
            if (after.owners(partition).contains(rpc.self()) && ownership.changes(partition)) {
                // This node's own state counts only where it was an owner.
                for (List<NodeId> old : ownership.current().ownerSets(partition)) {
                    int needed = fault == Fault.MERGES_FROM_ONE ? 1 : Ring.majority(old.size());
                    if (old.stream().filter(merged::contains).count() < needed) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private void pull(NodeId old, long forStage, @Nullable RegisterKey cursor) {
        WireWriter request =
                new WireWriter().u8(Kind.SYNC_PULL.code()).int64(forStage).bool(cursor != null);
        if (cursor != null) {
            request.register(cursor);
        }
        loop.when(rpc.call(old, Lane.CONTROL, Message.of(request.toBuffer()), PULL_TIMEOUT), (answer, failure) -> {
            if (forStage != stage) {
                return;
            }
            if (answer == null) {
                pulling.remove(old);
            } else {
                takeOrAskAgain(old, forStage, new WireReader(answer.head()));
            }
        });
    }

    private void takeOrAskAgain(NodeId old, long forStage, WireReader answer) {
        try {
            take(old, forStage, answer);
        } catch (MalformedMessageException malformed) {
            log.warn("node {} sent registers that cannot be read: {}", old, malformed.getMessage());
            pulling.remove(old);
        }
    }

    private void take(NodeId old, long forStage, WireReader answer) {
        if (answer.u8() == OTHER_STAGE) {
            pulling.remove(old);
            views.exchange(old);
            return;
        }
        List<RegisterRow> rows = answer.list(Sync::readRow);
        RegisterKey next = answer.bool() ? answer.register() : null;
        // A page that comes too late must not bring back what was deleted and forgotten since.
        loop.when(store.write(tables -> views.stage(tables) == forStage && merge(tables, rows)), (done, failure) -> {
            if (forStage != stage) {
                return;
            }
            if (!Boolean.TRUE.equals(done)) {
                pulling.remove(old);
            } else if (next != null) {
                pull(old, forStage, next);
            } else {
                merged.add(old);
                advance();
            }
        });
    }

    @SuppressWarnings("ReferenceEquality") // the row itself comes back when there is nothing to learn
    private static boolean merge(Store.Transaction tables, List<RegisterRow> rows) {
        for (RegisterRow theirs : rows) {
            RegisterRow mine = tables.register(theirs.key());
            RegisterRow merged = Acceptor.merge(mine, theirs);
            if (merged != mine) {
                tables.putRegister(merged);
            }
        }
        return true;
    }

    private void answerPull(NodeId from, WireReader head, ByteBuffer body, Transport.Responder responder) {
        long asked = head.int64();
        RegisterKey cursor = head.bool() ? head.register() : null;
        Ownership ownership = views.ownership().orElse(null);
        boolean tooEarly = fault == Fault.SERVES_BEFORE_ENTERING && ownership != null && ownership.stage() < asked;
        if (ownership == null || (ownership.stage() != asked && !tooEarly)) {
            responder.respond(Message.of(new WireWriter().u8(OTHER_STAGE).toBuffer()));
            loop.execute(() -> views.exchange(from));
            return;
        }
        // This node has durably entered the stage, so every accept of the view before is in the snapshot or was
        // refused.
        store.read(tables -> page(tables, ownership, from, cursor)).whenComplete((page, failure) -> {
            if (failure != null) {
                responder.fail("cannot read registers: " + failure.getMessage());
            } else {
                responder.respond(Message.of(page.toBuffer()));
            }
        });
    }

    private WireWriter page(Store.Snapshot tables, Ownership ownership, NodeId newOwner, @Nullable RegisterKey cursor) {
        List<RegisterRow> looked = tables.registersAfter(cursor, PAGE_ROWS);
        List<RegisterRow> sent = new ArrayList<>();
        RegisterKey last = null;
        int bytes = 0;
        for (RegisterRow row : looked) {
            last = row.key();
            if (moves(ownership, row.key(), newOwner)) {
                sent.add(row);
                bytes += row.value().length + row.memory().length;
            }
            if (bytes > PAGE_BYTES) {
                break;
            }
        }
        boolean more = last != null
                && (looked.size() == PAGE_ROWS
                        || !last.equals(looked.get(looked.size() - 1).key()));
        WireWriter out =
                new WireWriter().u8(ROWS_FOLLOW).list(sent, Sync::writeRow).bool(more);
        if (more && last != null) {
            out.register(last);
        }
        return out;
    }

    private boolean moves(Ownership ownership, RegisterKey key, NodeId newOwner) {
        if (key.bucket().equals(Views.VIEW_BUCKET)) {
            return false;
        }
        if (fault == Fault.SERVES_BEFORE_ENTERING) {
            return true;
        }
        int partition = ownership.newest().ring().partitionOf(key.bucket(), key.shard());
        return ownership.changes(partition)
                && ownership.newest().ring().owners(partition).contains(newOwner)
                && ownership.current().ring().owners(partition).contains(rpc.self());
    }

    private static void writeRow(WireWriter out, RegisterRow row) {
        out.register(row.key()).ballot(row.promised()).ballot(row.accepted());
        out.bytes(row.value()).bytes(row.memory());
    }

    private static RegisterRow readRow(WireReader in) {
        return new RegisterRow(in.register(), in.ballot(), in.ballot(), in.bytes(), in.bytes());
    }
}
