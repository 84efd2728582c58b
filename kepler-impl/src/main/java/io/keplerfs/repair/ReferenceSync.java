package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport.Responder;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.Views;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * After a view has come to stand alone, reads the references to chunks that this node has come to own from a majority of those
 * who owned them before. Until then its own "nobody needs this" is worth nothing: it collects nothing, and others do not count
 * it. The bytes follow by {@link Rebalance}. Owned by the loop.
 *
 * <p>Up to which view this is done is durable. A node that does not know who owned what before it came asks every other member, and
 * so does one that finds too few of the owners before: it was away while several were replaced.
 *
 * <pre>
 * request  u8 kind | long epoch | bool knows before | [ view before ] | bool has cursor | [ chunk, uuid upload ]
 * answer   u8 1: that view does not stand alone here
 *          u8 0 | list of (chunk, reference) | bool more | [ chunk, uuid upload ]
 * </pre>
 */
public final class ReferenceSync {
    private static final String DONE_FOR = "references";
    private static final int PAGE = 1000;
    private static final int ROWS_FOLLOW = 0;
    private static final int OTHER_VIEW = 1;
    private static final Duration PULL_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(ReferenceSync.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Views views;
    private final Fault fault;
    private final Set<NodeId> read = new HashSet<>();
    private final Set<NodeId> pulling = new HashSet<>();
    /** The view that references are being read for; null while there is nothing to do. */
    private @Nullable View target;

    private @Nullable View before;
    private volatile long completeEpoch;

    private record Cursor(ChunkId chunk, Pin pin) {}

    public ReferenceSync(Loop loop, Rpc rpc, Store store, Views views) {
        this(loop, rpc, store, views, Fault.NONE);
    }

    ReferenceSync(Loop loop, Rpc rpc, Store store, Views views, Fault fault) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.views = views;
        this.fault = fault;
        rpc.serve(Kind.REFERENCE_PULL, this::answer);
    }

    /** Goes on where an earlier run ended, and watches the views from now on. On the loop, once. */
    public void start() {
        views.onChange(ownership -> look());
        look();
    }

    /** Epoch of the view whose references this node has read, 0 for none. Any thread. */
    public long completeEpoch() {
        return fault == Fault.COLLECT_BEFORE_READING_REFERENCES ? Long.MAX_VALUE : completeEpoch;
    }

    private void look() {
        Ownership ownership = views.ownership().orElse(null);
        if (ownership == null) {
            return;
        }
        if (ownership.next().isPresent()) {
            noteBefore(ownership.current());
        } else if (completeEpoch != ownership.current().epoch()
                && (target == null || target.epoch() != ownership.current().epoch())) {
            begin(ownership.current());
        }
    }

    /** A node that joins learns here, while it still can, who owned what before it. */
    private void noteBefore(View current) {
        loop.when(
                store.write(tables -> {
                    if (tables.setting(DONE_FOR).isEmpty()) {
                        tables.putSetting(DONE_FOR, encode(current));
                    }
                    return true;
                }),
                (noted, failure) -> {
                    if (failure != null) {
                        log.debug("the view before was not noted: {}", failure.toString());
                    }
                });
    }

    private void begin(View view) {
        target = view;
        read.clear();
        pulling.clear();
        loop.when(store.read(tables -> tables.setting(DONE_FOR)), (setting, failure) -> {
            if (!isTarget(view)) {
                return;
            }
            if (setting == null) {
                target = null;
                loop.schedule(RETRY, this::look);
                return;
            }
            before = setting.map(bytes -> View.read(new WireReader(bytes)))
                    .filter(old -> old.clusterId().equals(view.clusterId()) && view.epoch() <= old.epoch() + 1)
                    // Who owned what in views this node has not seen it cannot know: then everybody is asked for
                    // everything.
                    .orElse(null);
            advance(view);
        });
    }

    private boolean isTarget(View view) {
        return target != null && target.epoch() == view.epoch();
    }

    private void advance(View view) {
        if (!isTarget(view)) {
            return;
        }
        if (isComplete(view)) {
            finish(view);
            return;
        }
        for (NodeId source : sources(view)) {
            if (!read.contains(source) && rpc.reachable(source) && pulling.add(source)) {
                pull(source, view, null);
            }
        }
        loop.schedule(RETRY, () -> advance(view));
    }

    private Set<NodeId> others(View view) {
        Set<NodeId> others = new TreeSet<>(view.ids());
        others.remove(rpc.self());
        return others;
    }

    private Set<NodeId> sources(View view) {
        Set<NodeId> sources = others(view);
        if (before != null) {
            sources.addAll(before.ids());
        }
        sources.remove(rpc.self());
        return sources;
    }

    private boolean isComplete(View view) {
        View old = before;
        if (read.containsAll(others(view))) {
            // Old owners that are gone for good have left what they knew to those who are members now.
            return true;
        }
        if (old == null) {
            return false;
        }
        Ring after = view.ring();
        for (int partition = 0; partition < after.partitions(); partition++) {
            List<NodeId> oldOwners = old.ring().owners(partition);
            if (after.owners(partition).contains(rpc.self()) && !oldOwners.contains(rpc.self())) {
                long have = oldOwners.stream().filter(read::contains).count();
                if (have < Ring.majority(oldOwners.size())) {
                    return false;
                }
            }
        }
        return true;
    }

    private void finish(View view) {
        loop.when(
                store.write(tables -> {
                    tables.putSetting(DONE_FOR, encode(view));
                    return true;
                }),
                (stored, failure) -> {
                    if (failure != null) {
                        loop.schedule(RETRY, () -> advance(view));
                        return;
                    }
                    if (!read.isEmpty()) {
                        log.info("{}: read the references of {} nodes", view, read.size());
                    }
                    completeEpoch = Math.max(completeEpoch, view.epoch());
                    target = isTarget(view) ? null : target;
                    look();
                });
    }

    private void pull(NodeId source, View view, @Nullable Cursor cursor) {
        WireWriter request = new WireWriter()
                .u8(Kind.REFERENCE_PULL.code())
                .int64(view.epoch())
                .bool(before != null);
        if (before != null) {
            before.write(request);
        }
        request.bool(cursor != null);
        if (cursor != null) {
            request.chunk(cursor.chunk()).version(cursor.pin().upload());
        }
        loop.when(rpc.call(source, Lane.CONTROL, Message.of(request.toBuffer()), PULL_TIMEOUT), (answer, failure) -> {
            if (!isTarget(view)) {
                return;
            }
            if (answer == null) {
                pulling.remove(source);
            } else {
                takeOrAskAgain(source, view, new WireReader(answer.head()));
            }
        });
    }

    private void takeOrAskAgain(NodeId source, View view, WireReader answer) {
        try {
            take(source, view, answer);
        } catch (MalformedMessageException malformed) {
            log.warn("node {} sent references that cannot be read: {}", source, malformed.getMessage());
            pulling.remove(source);
        }
    }

    private void take(NodeId source, View view, WireReader answer) {
        if (answer.u8() == OTHER_VIEW) {
            pulling.remove(source);
            return;
        }
        List<Reference> references = answer.list(in -> HeldChunks.readReference(in, in.chunk()));
        Cursor next = answer.bool() ? new Cursor(answer.chunk(), new Pin(answer.version(), "", "")) : null;
        loop.when(
                store.write(tables -> {
                    references.forEach(tables::copyReference);
                    return true;
                }),
                (stored, failure) -> {
                    if (!isTarget(view)) {
                        return;
                    }
                    if (failure != null) {
                        pulling.remove(source);
                    } else if (next != null) {
                        pull(source, view, next);
                    } else {
                        read.add(source);
                        if (isComplete(view)) {
                            advance(view);
                        }
                    }
                });
    }

    private void answer(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        long epoch = head.int64();
        View old = head.bool() ? View.read(head) : null;
        Reference cursor = head.bool()
                ? new Reference(head.chunk(), new Pin(head.version(), "", ""), Reference.State.INTENT, 0)
                : null;
        Optional<Ownership> ownership = views.ownership();
        if (ownership.isEmpty()
                || ownership.get().next().isPresent()
                || ownership.get().current().epoch() != epoch) {
            responder.respond(Message.of(new WireWriter().u8(OTHER_VIEW).toBuffer()));
            return;
        }
        View now = ownership.get().current();
        store.read(tables -> page(tables, now, old, from, cursor)).whenComplete((page, failure) -> {
            if (failure != null) {
                responder.fail("cannot read references: " + failure.getMessage());
            } else {
                responder.respond(Message.of(page.toBuffer()));
            }
        });
    }

    private static WireWriter page(
            Store.Snapshot tables, View now, @Nullable View old, NodeId newOwner, @Nullable Reference cursor) {
        List<Reference> looked = tables.referencesAfter(cursor, PAGE);
        List<Reference> sent = new ArrayList<>();
        for (Reference reference : looked) {
            int partition = now.ring().partitionOf(reference.chunk());
            boolean owns = now.ring().owners(partition).contains(newOwner);
            if (owns && (old == null || !old.ring().owners(partition).contains(newOwner))) {
                sent.add(reference);
            }
        }
        WireWriter out = new WireWriter().u8(ROWS_FOLLOW).list(sent, (writer, reference) -> {
            writer.chunk(reference.chunk());
            HeldChunks.write(writer, reference);
        });
        boolean more = looked.size() == PAGE;
        out.bool(more);
        if (more) {
            Reference last = looked.get(looked.size() - 1);
            out.chunk(last.chunk()).version(last.pin().upload());
        }
        return out;
    }

    private static byte[] encode(View view) {
        WireWriter out = new WireWriter();
        view.write(out);
        return out.toBytes();
    }
}
