package io.keplerfs.node;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerListener;
import io.keplerfs.Member;
import io.keplerfs.NodeHealth;
import io.keplerfs.Subscription;
import io.keplerfs.files.ClusterWatch;
import io.keplerfs.listen.Listeners;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Store;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.Contact;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * What this node can say of itself and the others. Any thread.
 *
 * <pre>
 * request  u8 kind
 * answer   long chunks | long bytes of chunks
 * </pre>
 */
final class Status implements ClusterWatch {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final long UNKNOWN = -1;

    private final Rpc rpc;
    private final Store store;
    private final Views views;
    private final Membership membership;
    private final Members members;
    private final ReplicationQueue queue;
    private final Listeners listeners;

    Status(
            Rpc rpc,
            Store store,
            Views views,
            Membership membership,
            Members members,
            ReplicationQueue queue,
            Listeners listeners) {
        this.rpc = rpc;
        this.store = store;
        this.views = views;
        this.membership = membership;
        this.members = members;
        this.queue = queue;
        this.listeners = listeners;
        rpc.serve(Kind.STATUS, (from, head, body, responder) -> {
            Store.Usage usage = store.usage();
            responder.respond(Message.of(new WireWriter()
                    .int64(usage.chunks())
                    .int64(usage.chunkBytes())
                    .toBuffer()));
        });
    }

    @Override
    public CompletableFuture<ClusterStatus> status() {
        Optional<Ownership> ownership = views.ownership();
        Set<NodeId> all = new LinkedHashSet<>();
        all.add(rpc.self());
        membership.members().forEach(info -> all.add(info.id()));
        ownership.ifPresent(known -> all.addAll(known.everybody()));
        Membership.Report report = membership.report();
        return describe(all, report.contacts())
                .thenApply(described -> new ClusterStatus(
                        rpc.self(),
                        views.clusterId().map(Object::toString).orElse(""),
                        ownership.map(known -> known.newest().epoch()).orElse(0L),
                        ownership.map(known -> known.next().isEmpty()).orElse(false),
                        ownership.map(known -> known.current().replication()).orElse(0),
                        queue.waiting(),
                        Backlog.copies(queue.backlog()),
                        report.localHealth(),
                        described.stream()
                                .sorted(Comparator.comparing(Member::label).thenComparing(Member::id))
                                .toList()));
    }

    @Override
    public CompletableFuture<List<Member>> members(List<List<NodeId>> ownerSets) {
        Set<NodeId> all = new LinkedHashSet<>();
        ownerSets.forEach(all::addAll);
        return describe(all, membership.report().contacts());
    }

    private CompletableFuture<List<Member>> describe(Set<NodeId> ids, Map<NodeId, Contact> contacts) {
        Map<NodeId, MemberInfo> listed =
                membership.members().stream().collect(Collectors.toMap(MemberInfo::id, info -> info));
        List<CompletableFuture<Optional<Member>>> asked =
                ids.stream().map(id -> describe(id, listed, contacts)).toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(all -> asked.stream()
                        .map(CompletableFuture::join)
                        .flatMap(Optional::stream)
                        .collect(Collectors.toList()));
    }

    private CompletableFuture<Optional<Member>> describe(
            NodeId id, Map<NodeId, MemberInfo> listed, Map<NodeId, Contact> contacts) {
        Optional<MemberInfo> info = Optional.ofNullable(listed.get(id)).or(() -> members.find(id));
        CompletableFuture<Usage> usage = rpc.reachable(id)
                ? rpc.call(
                                id,
                                Lane.CONTROL,
                                Message.of(
                                        new WireWriter().u8(Kind.STATUS.code()).toBuffer()),
                                TIMEOUT)
                        .thenApply(answer -> usage(new WireReader(answer.head())))
                        .exceptionally(silent -> new Usage(UNKNOWN, UNKNOWN))
                : CompletableFuture.completedFuture(new Usage(UNKNOWN, UNKNOWN));
        return usage.thenApply(
                known -> info.map(member -> member(member, known, Optional.ofNullable(contacts.get(id)))));
    }

    private record Usage(long chunks, long bytes) {}

    private static Usage usage(WireReader in) {
        return new Usage(in.int64(), in.int64());
    }

    private Member member(MemberInfo info, Usage usage, Optional<Contact> contact) {
        Optional<View> view = views.ownership().map(Ownership::newest);
        boolean owner = view.map(v -> v.has(info.id())).orElse(false);
        return new Member(
                info.id(),
                info.label(),
                info.zone(),
                info.weight(),
                info.address(),
                info.state(),
                info.incarnation(),
                owner,
                owner ? view.get().ring().share(info.id()) : 0,
                usage.chunks(),
                usage.bytes(),
                contact);
    }

    @Override
    public Subscription onEvent(KeplerListener listener) {
        return listeners.add(listener);
    }

    @Override
    public void emit(KeplerEvent event) {
        listeners.tell(event);
    }

    /** Ready means: whatever the key, a majority of its owners can be reached. */
    NodeHealth health() {
        Optional<String> broken = store.failed();
        if (broken.isPresent()) {
            return new NodeHealth(
                    false, false, "the disk failed: " + broken.get() + "; restart the node when it is mended");
        }
        Optional<Ownership> ownership = views.ownership();
        if (ownership.isEmpty() || !ownership.get().newest().has(rpc.self())) {
            return new NodeHealth(true, false, "not a member of a cluster yet: waiting for the seeds");
        }
        View view = ownership.get().newest();
        List<String> silent = view.members().stream()
                .filter(member -> !member.draining() && !rpc.reachable(member.id()))
                .map(ViewMember::label)
                .toList();
        int copies = Math.min(view.replication(), view.activeMembers());
        boolean ready = copies - Math.min(silent.size(), copies) >= Ring.majority(copies);
        String reason = silent.isEmpty() ? "all members answer" : "no answer from " + String.join(", ", silent);
        return new NodeHealth(true, ready, reason);
    }
}
