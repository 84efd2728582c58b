package io.keplerfs.sim.whole;

import io.keplerfs.register.Tombstones;
import io.keplerfs.ring.Ring;
import io.keplerfs.sim.whole.KeyHistory.Call;
import io.keplerfs.sim.whole.KeyHistory.Kind;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What must be so, at any time and when everything has been mended. */
final class Checks {
    /** Whether owners must have equal registers in the end; {@code -Dsim.antiEntropy=false} leaves it out. */
    static final boolean ANTI_ENTROPY = !"false".equals(System.getProperty("sim.antiEntropy"));

    private static final int MOST_QUEUED = 20_000;
    /** Told of at once: to describe thousands, again and again while they go, takes long. */
    private static final int ENOUGH_GARBAGE = 50;

    private final WholeSimulation world;
    private final Map<Long, View> decided = new TreeMap<>();

    Checks(WholeSimulation world) {
        this.world = world;
    }

    long epochs() {
        return decided.keySet().stream().mapToLong(epoch -> epoch).max().orElse(0);
    }

    void always() {
        oneViewPerEpoch();
        noLiveChunkIsMissingEverywhere();
        queuesAreBounded();
    }

    void atTheEnd() {
        everyKeyIsLinearizable();
        everyLiveChunkHasItsCopies(true);
    }

    private void oneViewPerEpoch() {
        for (WholeNode node : world.members()) {
            Ownership known = node.ownership();
            if (known != null && known.newest().epoch() > 1) {
                agree(node, known.current());
                known.next().ifPresent(next -> agree(node, next));
            }
        }
    }

    private void agree(WholeNode node, View view) {
        View same = decided.putIfAbsent(view.epoch(), view);
        if (same != null && view.epoch() > 1 && !same.equals(view)) {
            world.violation("two views of one epoch: " + node.name() + " knows " + view + ", others " + same);
        }
    }

    private Set<ChunkId> liveChunks() {
        Set<ChunkId> live = new TreeSet<>();
        for (KeyHistory history : world.histories()) {
            if (!world.isLostWithItsNode(history)) {
                history.certainlyHeld().ifPresent(held -> live.addAll(Contents.chunksOf(held.content)));
            }
        }
        return live;
    }

    private void noLiveChunkIsMissingEverywhere() {
        for (ChunkId id : liveChunks()) {
            if (world.members().stream().noneMatch(node -> node.platter.hasGood(id))) {
                world.violation("a live chunk is on no disk any more: " + id);
            }
        }
    }

    private void queuesAreBounded() {
        for (WholeNode node : world.members()) {
            long queued = node.onDisk(tables -> tables.queued());
            if (queued > MOST_QUEUED) {
                world.violation("the queue of " + node.name() + " has " + queued + " tasks");
            }
        }
    }

    /** What was acknowledged has been made durable by a majority of three, whatever has happened to their disks since. */
    void acknowledged(Call call) {
        for (ChunkId id : Contents.chunksOf(call.content)) {
            long copies = world.nodes().stream()
                    .filter(node -> node.onDisk(tables -> tables.chunk(id)).isPresent())
                    .count();
            if (copies < Ring.majority(WholeSimulation.REPLICATION)) {
                world.violation("acknowledged with " + copies + " copies of chunk " + id + ": " + call);
            }
        }
    }

    /** Contains every key acknowledged before, unless it may have been deleted. */
    void listing(List<String> listed, long began) {
        for (KeyHistory history : world.histories()) {
            boolean mustBeThere = !history.key.startsWith("fast")
                    && !history.isOfRivals()
                    && history.calls.stream()
                            .anyMatch(call -> isAckedPut(call, began)
                                    && history.calls.stream()
                                            .filter(other -> other.kind == Kind.DELETE && other.mayCount())
                                            .allMatch(delete -> delete.returned < call.called));
            if (mustBeThere && !listed.contains(history.key)) {
                world.violation("a listing lacks " + history);
            }
        }
    }

    private static boolean isAckedPut(Call call, long before) {
        return call.changes()
                && call.kind != Kind.DELETE
                && call.result == KeyHistory.Result.DONE
                && call.returned < before;
    }

    private void everyKeyIsLinearizable() {
        for (KeyHistory history : world.histories()) {
            boolean checked = !world.isLostWithItsNode(history) && !history.isOfRivals();
            if (checked && !history.isLinearizable()) {
                world.violation("not linearizable: " + history);
            }
        }
    }

    /** @param undamaged whether every copy has been read since the last damage */
    void everyLiveChunkHasItsCopies(boolean undamaged) {
        Ownership known = world.members().get(0).ownership();
        if (known == null) {
            return;
        }
        Ring ring = known.newest().ring();
        for (ChunkId id : undamaged ? neededChunks() : liveChunks()) {
            for (NodeId owner : ring.owners(ring.partitionOf(id))) {
                if (world.members().stream()
                        .filter(node -> node.id().equals(owner))
                        .anyMatch(
                                node -> !(undamaged ? node.platter.hasGood(id) : node.platter.files.containsKey(id)))) {
                    world.violation("after everything was mended " + Wires.short4(owner) + " lacks chunk " + id);
                }
            }
        }
    }

    /** Registers whose owners have accepted different ballots, in words. */
    List<String> disagreements() {
        Ring ring = Objects.requireNonNull(world.members().get(0).ownership())
                .newest()
                .ring();
        Map<RegisterKey, Map<NodeId, RegisterRow>> rows = new TreeMap<>();
        for (WholeNode node : world.members()) {
            node.onDisk(tables -> tables.registersAfter(null, Integer.MAX_VALUE)).stream()
                    .filter(DigestCell::counts)
                    .forEach(row -> rows.computeIfAbsent(row.key(), key -> new TreeMap<>())
                            .put(node.id(), row));
        }
        List<String> disagreements = new ArrayList<>();
        rows.forEach((key, held) -> {
            List<NodeId> owners = ring.owners(ring.partitionOf(key.bucket(), key.shard()));
            Set<Ballot> accepted = new TreeSet<>();
            boolean live = false;
            for (NodeId owner : owners) {
                RegisterRow row = held.getOrDefault(owner, RegisterRow.untouched(key));
                accepted.add(row.accepted());
                live |= row.live();
            }
            // A tombstone that some have removed already goes everywhere with the next sweep.
            boolean going = !live && accepted.size() == 2 && accepted.contains(Ballot.ZERO);
            if (accepted.size() > 1 && !going) {
                disagreements.add(key + " of " + owners + ": " + held);
            }
        });
        return disagreements;
    }

    private @Nullable Map<String, Set<ChunkId>> needed;

    /** The chunks of every file as it was read at the end. */
    private Map<String, Set<ChunkId>> files() {
        Map<String, Set<ChunkId>> files = needed == null ? current() : needed;
        needed = files;
        return files;
    }

    private Set<ChunkId> neededChunks() {
        Set<ChunkId> all = new TreeSet<>();
        files().values().forEach(all::addAll);
        return all;
    }

    /** Everything on any disk that no file needs, in words. Every file has been read since its last change. */
    List<String> garbage() {
        Map<String, Set<ChunkId>> files = files();
        Set<ChunkId> live = neededChunks();
        View view = Objects.requireNonNull(world.members().get(0).ownership()).newest();
        List<String> garbage = new ArrayList<>();
        for (WholeNode node : world.members()) {
            node.onDisk(tables -> {
                for (ChunkRow row : tables.chunksAfter(null, Integer.MAX_VALUE)) {
                    boolean owns = owners(view, row.id()).contains(node.id());
                    if (row.state() != ChunkRow.State.QUARANTINE && !(owns && live.contains(row.id()))) {
                        garbage.add(node.name() + " keeps " + row + (live.contains(row.id()) ? " of others" : "")
                                + " for " + tables.references(row.id()));
                    }
                }
                tables.referencesAfter(null, Integer.MAX_VALUE).stream()
                        .filter(reference -> !isNeeded(reference, files))
                        .limit(ENOUGH_GARBAGE)
                        .forEach(reference -> garbage.add(node.name() + " keeps " + reference));
                return true;
            });
            node.platter.files.keySet().stream()
                    .filter(id -> !live.contains(id))
                    .forEach(id -> garbage.add(node.name() + " keeps the file of " + id));
            if (garbage.size() > ENOUGH_GARBAGE) {
                return garbage;
            }
        }
        return garbage;
    }

    /**
     * Those that nothing keeps: a deleted file that had a fencing token is remembered for ever. Without anti-entropy also one that
     * an owner has missed, until somebody reads it.
     */
    List<String> tombstones() {
        List<String> left = new ArrayList<>();
        for (WholeNode node : world.members()) {
            node.onDisk(tables -> tables.tombstonesAfter(null, Integer.MAX_VALUE)).stream()
                    .filter(row -> Tombstones.isRipe(row, Long.MAX_VALUE))
                    .filter(row -> ANTI_ENTROPY || everyOwnerHas(row))
                    .limit(ENOUGH_GARBAGE)
                    .forEach(row -> left.add(node.name() + " keeps the tombstone of " + row.key()));
        }
        return left;
    }

    private boolean everyOwnerHas(RegisterRow row) {
        Ring ring = Objects.requireNonNull(world.members().get(0).ownership())
                .newest()
                .ring();
        List<NodeId> owners =
                ring.owners(ring.partitionOf(row.key().bucket(), row.key().shard()));
        return world.members().stream()
                .filter(node -> owners.contains(node.id()))
                .allMatch(node -> node.onDisk(tables -> tables.register(row.key()))
                        .accepted()
                        .equals(row.accepted()));
    }

    private static boolean isNeeded(Reference reference, Map<String, Set<ChunkId>> files) {
        return reference.state() == Reference.State.REF
                && files.getOrDefault(reference.pin().key(), Set.of()).contains(reference.chunk());
    }

    private static List<NodeId> owners(View view, ChunkId id) {
        return view.ring().owners(view.ring().partitionOf(id));
    }

    /** What the last read of each file has seen. */
    private Map<String, Set<ChunkId>> current() {
        Map<String, Set<ChunkId>> files = new TreeMap<>();
        for (KeyHistory history : world.histories()) {
            if (!history.calls.isEmpty()) {
                Call last = history.calls.get(history.calls.size() - 1);
                files.put(history.key, Set.copyOf(Contents.chunksOf(world.contentOf(Math.max(0, last.seen)))));
            }
        }
        files.put("last", Set.copyOf(Contents.chunksOf(new byte[WholeSimulation.LAST_BYTES])));
        return files;
    }
}
