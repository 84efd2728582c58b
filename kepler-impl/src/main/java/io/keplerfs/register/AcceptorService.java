package io.keplerfs.register;

import io.keplerfs.register.RegisterAnswer.Behind;
import io.keplerfs.register.RegisterAnswer.Stale;
import io.keplerfs.register.RegisterAnswer.Unfit;
import io.keplerfs.register.RegisterRequest.Accept;
import io.keplerfs.register.RegisterRequest.Page;
import io.keplerfs.register.RegisterRequest.Prepare;
import io.keplerfs.register.RegisterRequest.Query;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the register's requests from this node's store. Holds no state of its own: every request is one transaction, the gate
 * is read in it, and the answer leaves after it is durable. Requests that arrive together share the store's group commit.
 */
public final class AcceptorService {
    private static final Logger LOG = LoggerFactory.getLogger(AcceptorService.class);

    /** Tombstones, leases and manifests of small uploads are below this, and go on when the disk is full. */
    private static final int SMALL_BYTES = 512;

    private final Rpc rpc;
    private final Store store;
    private final StageGate gate;
    private final LongSupplier wallMillis;
    private final Replacements replacements;
    private final AtomicBoolean warned = new AtomicBoolean();

    /** @param wallMillis any thread; milliseconds since 1970, which tell ballots of a broken clock */
    public AcceptorService(Rpc rpc, Store store, StageGate gate, LongSupplier wallMillis) {
        this(rpc, store, gate, wallMillis, Replacements.IGNORED);
    }

    /** @param replacements told of every write whose place another one takes */
    public AcceptorService(Rpc rpc, Store store, StageGate gate, LongSupplier wallMillis, Replacements replacements) {
        this.replacements = replacements;
        this.rpc = rpc;
        this.store = store;
        this.gate = gate;
        this.wallMillis = wallMillis;
    }

    /** Begins to answer; call it once, before any message can arrive. */
    public void start() {
        serve(Kind.PREPARE);
        serve(Kind.ACCEPT);
        serve(Kind.QUERY);
        serve(Kind.LIST);
    }

    private void serve(Kind kind) {
        rpc.serve(kind, (from, head, body, responder) -> handle(from, kind, head, responder));
    }

    private void handle(NodeId from, Kind kind, WireReader head, Transport.Responder responder) {
        RegisterRequest request;
        CompletableFuture<RegisterAnswer> answer;
        try {
            request = RegisterRequest.read(kind, head);
            answer = answer(from, request);
        } catch (MalformedMessageException malformed) {
            responder.respond(new Unfit("malformed " + kind + ": " + malformed.getMessage()).encode());
            return;
        }
        answer.whenComplete((done, failure) -> {
            if (failure != null) {
                responder.fail(kind + " failed in the store of " + rpc.self() + ": " + failure);
                return;
            }
            if (done instanceof Behind) {
                gate.peerIsAhead(from, request.stage());
            }
            responder.respond(done.encode());
        });
    }

    private CompletableFuture<RegisterAnswer> answer(NodeId from, RegisterRequest request) {
        if (request instanceof Prepare prepare) {
            return isTooFarAhead(prepare.ballot())
                    ? CompletableFuture.completedFuture(tooFarAhead(from, prepare.ballot()))
                    : change(request, prepare.key(), row -> Acceptor.prepare(row, prepare.ballot(), prepare.write()));
        } else if (request instanceof Accept accept) {
            RegisterValue value = RegisterValue.decode(accept.value());
            return isTooFarAhead(accept.highest())
                    ? CompletableFuture.completedFuture(tooFarAhead(from, accept.highest()))
                    : change(
                            request,
                            accept.key(),
                            row -> grows(row, accept) && !store.usage().hasRoomForCopy(accept.value().length)
                                    ? Acceptor.Step.none(row, noRoom())
                                    : Acceptor.accept(row, accept.ballot(), accept.next(), value, accept.value()));
        } else if (request instanceof Query query) {
            return look(request, snapshot -> Acceptor.query(snapshot.register(query.key()), query.withValue()));
        }
        Page page = (Page) request;
        return look(request, snapshot -> ShardPages.page(snapshot, page));
    }

    /**
     * What is small goes on even when a disk is full: deletes, which give space back, and tokens and leases. What is large would
     * take the room they need; coordinators begin to refuse it earlier.
     */
    private static boolean grows(RegisterRow row, Accept accept) {
        return accept.value().length > Math.max(SMALL_BYTES, row.value().length)
                && !accept.key().bucket().equals(Configurations.VIEW_BUCKET);
    }

    private Unfit noRoom() {
        Store.Usage usage = store.usage();
        return new Unfit(
                "disk full: " + usage.freeBytes() + " bytes free, " + usage.reserveBytes() + " are kept for deletes");
    }

    /** Refusals take the same way as promises: what they report must be durable too. */
    @SuppressWarnings("ReferenceEquality") // an acceptor returns the row itself when nothing changes
    private CompletableFuture<RegisterAnswer> change(
            RegisterRequest request, RegisterKey key, Function<RegisterRow, Acceptor.Step> step) {
        return store.write(transaction -> {
            RegisterAnswer denial = denied(transaction, request);
            if (denial != null) {
                return denial;
            }
            RegisterRow row = Floor.register(transaction, key);
            Acceptor.Step next = step.apply(row);
            if (next.changed()) {
                transaction.putRegister(next.row());
                noteReplaced(transaction, row, next.row());
            }
            return next.answer();
        });
    }

    private void noteReplaced(Store.Transaction transaction, RegisterRow row, RegisterRow next) {
        if (row.value().length > 0 && !row.accepted().equals(next.accepted())) {
            RegisterValue before = RegisterValue.decode(row.value());
            RegisterValue after = RegisterValue.decode(next.value());
            if (!before.id().equals(after.id())) {
                replacements.replaced(transaction, row.key(), before, after);
            }
        }
    }

    private CompletableFuture<RegisterAnswer> look(
            RegisterRequest request, Function<Store.Snapshot, RegisterAnswer> query) {
        return store.read(snapshot -> {
            RegisterAnswer denial = denied(snapshot, request);
            return denial != null ? denial : query.apply(snapshot);
        });
    }

    private @Nullable RegisterAnswer denied(Store.Snapshot snapshot, RegisterRequest request) {
        if (request.bucket().equals(Configurations.VIEW_BUCKET)) {
            return null;
        }
        long own = gate.stage(snapshot);
        if (request.stage() == own) {
            return null;
        }
        return request.stage() < own ? new Stale(own) : new Behind(own);
    }

    private boolean isTooFarAhead(Ballot ballot) {
        return HybridClock.isTooFarAhead(ballot.time(), wallMillis.getAsLong());
    }

    private Unfit tooFarAhead(NodeId from, Ballot ballot) {
        String why = "ballot " + ballot + " is " + (ballot.millis() - wallMillis.getAsLong()) / 60_000
                + " minutes ahead of the clock of " + rpc.self();
        if (warned.compareAndSet(false, true)) {
            LOG.warn("refused a write of node {}: {}; check the clocks of both (said once)", from, why);
        }
        return new Unfit(why);
    }
}
