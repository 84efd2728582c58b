package io.keplerfs.view;

import io.keplerfs.ring.Ring;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How far a node has come in the history of views: the view that stands, the one that ownership moves to (if any), and which of
 * its members are known to have merged what they will own. While a view stands alone, {@code synced} are the members known to
 * have entered it. Immutable; two nodes' knowledge merges by {@link #merge}.
 *
 * <pre>
 * view current | bool moving | [ view next ] | list of uuid synced, ascending
 * </pre>
 */
public record Ownership(View current, Optional<View> next, Set<NodeId> synced) {
    public Ownership {
        synced = Set.copyOf(synced);
    }

    static Ownership settled(View view) {
        return new Ownership(view, Optional.empty(), Set.of());
    }

    /** How far the epoch jumps when a view is forced: beyond whatever the lost majority may have decided meanwhile. */
    static final long FORCED_JUMP = 1_000;

    /**
     * A new history: the majority that would have to agree is gone for good. Ownership moves from a bridge of the survivors, all
     * of which must agree and be merged from, to a view of the same survivors.
     */
    Ownership forced(List<ViewMember> survivors) {
        View bridge = newest().bridge(newest().epoch() + FORCED_JUMP, survivors);
        return settled(bridge).movingTo(bridge.successor(survivors));
    }

    Ownership movingTo(View decided) {
        return new Ownership(current, Optional.of(decided), Set.of());
    }

    Ownership withSynced(NodeId node) {
        Set<NodeId> more = new HashSet<>(synced);
        more.add(node);
        return new Ownership(current, next, more).settleIfComplete();
    }

    /** Rises by one when a view is decided and by one when it stands alone. */
    public long stage() {
        return 2 * current.epoch() + (next.isPresent() ? 1 : 0);
    }

    /** See {@link View#lineage}. */
    long lineage() {
        return current.lineage();
    }

    /** Whether every member is known to have entered the view, which stands alone: nobody acts on an older one any more. */
    boolean everybodyEntered() {
        return next.isEmpty() && synced.containsAll(current.ids());
    }

    /** The newest view: where new data goes. */
    public View newest() {
        return next.orElse(current);
    }

    /** Current first; a majority is needed in each. */
    List<View> standing() {
        return next.map(view -> List.of(current, view)).orElseGet(() -> List.of(current));
    }

    /** The owner sets of a partition, in each of which a majority is needed. */
    public List<List<NodeId>> ownerSets(int partition) {
        return standing().stream()
                .flatMap(view -> view.ownerSets(partition).stream())
                .toList();
    }

    boolean owns(NodeId node, int partition) {
        return current.ring().owners(partition).contains(node)
                || (next.isPresent() && next.get().ring().owners(partition).contains(node));
    }

    /** Every member of a standing view. */
    public Set<NodeId> everybody() {
        Set<NodeId> all = new LinkedHashSet<>(current.ids());
        next.ifPresent(view -> all.addAll(view.ids()));
        return all;
    }

    /** What both know together: the later history, the later stage, or in the same stage the union of who has synced. */
    Ownership merge(Ownership other) {
        if (lineage() != other.lineage()) {
            return lineage() > other.lineage() ? this : other;
        }
        if (stage() != other.stage()) {
            return stage() > other.stage() ? this : other;
        }
        Set<NodeId> union = new HashSet<>(synced);
        union.addAll(other.synced);
        return new Ownership(current, next, union).settleIfComplete();
    }

    /** That a majority of the new owners has synced, once true, stays true: anybody who sees it may declare it. */
    private Ownership settleIfComplete() {
        if (next.isEmpty() || !everyPartitionIsSynced(next.get().ring())) {
            return this;
        }
        return settled(next.get());
    }

    private boolean everyPartitionIsSynced(Ring newRing) {
        for (int partition = 0; partition < newRing.partitions(); partition++) {
            if (changes(partition)) {
                List<NodeId> owners = newRing.owners(partition);
                long ready = owners.stream().filter(synced::contains).count();
                if (ready < Ring.majority(owners.size())) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether the partition has other owners in the next view. */
    boolean changes(int partition) {
        return next.isPresent() && (current.isBridge() || differs(partition));
    }

    /** Asked for every partition whenever somebody tells news, so it compares lists: owners of a partition are distinct. */
    private boolean differs(int partition) {
        if (next.isEmpty()) {
            return false;
        }
        List<NodeId> before = current.ring().owners(partition);
        List<NodeId> after = next.get().ring().owners(partition);
        return before.size() != after.size() || !before.containsAll(after);
    }

    void write(WireWriter out) {
        current.write(out);
        out.bool(next.isPresent());
        next.ifPresent(view -> view.write(out));
        List<NodeId> ordered = new ArrayList<>(synced);
        ordered.sort(Comparator.naturalOrder());
        out.list(ordered, WireWriter::node);
    }

    static Ownership read(WireReader in) {
        View current = View.read(in);
        Optional<View> next = in.bool() ? Optional.of(View.read(in)) : Optional.empty();
        return new Ownership(current, next, Set.copyOf(in.list(WireReader::node)));
    }
}
