package io.keplerfs;

import io.keplerfs.values.Backlog;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What one node does for the safety of the data, and what is left of it: at most some seconds old. Each node tells what it knows
 * itself; a chunk that several nodes know to be lacking somewhere is told by each of them.
 *
 * @param node who tells this
 * @param label its configured name
 * @param works every kind of long work of the node
 * @param backlog what it still owes to others, by priority; priorities without tasks are left out
 * @param bandwidthBytesPerSecond cap on what it copies in the background
 * @param trashBytes of its disk: chunks that are deleted when they have been in the trash for a day
 * @param unreferencedBytes of its disk: chunks that nobody needs as far as it knows, before they go to the trash
 */
public record RepairStatus(
        NodeId node,
        String label,
        List<RepairWork> works,
        List<Backlog> backlog,
        long bandwidthBytesPerSecond,
        long trashBytes,
        long unreferencedBytes) {
    /** Name of the work that copies chunks to nodes that lack them. */
    public static final String QUEUE = "queue";

    public RepairStatus {
        works = List.copyOf(works);
        backlog = List.copyOf(backlog);
    }

    /**
     * Chunks with fewer copies than wanted until this node has delivered what it owes: distinct chunks of which it knows an owner
     * that is not known to have a copy, moves to new owners of chunks that all old owners have left out. A target that has got its
     * copy from elsewhere is counted until this node has asked it.
     */
    public long underReplicatedChunks() {
        return Backlog.shortChunks(backlog);
    }

    /** Copies of chunks it owes. */
    public long copiesLeft() {
        return Backlog.copies(backlog);
    }

    /** Tasks that move no chunk: references to drop, manifests and fast writes to deliver. */
    public long smallTasksLeft() {
        return backlog.stream()
                .filter(one -> one.priority() == Priority.SMALL)
                .mapToLong(Backlog::tasks)
                .sum();
    }

    /** Bytes it will copy at most. */
    public long bytesLeft() {
        return Backlog.bytes(backlog);
    }

    public Optional<RepairWork> work(String name) {
        return works.stream().filter(work -> work.name().equals(name)).findFirst();
    }

    /** Measured rate of its copies, 0 while nothing is known. */
    public long copyBytesPerSecond() {
        return work(QUEUE).map(RepairWork::bytesPerSecond).orElse(0L);
    }

    /** How long {@link #bytesLeft} take at the measured rate; empty while that is unknown. */
    public Optional<Duration> remaining() {
        return work(QUEUE).flatMap(RepairWork::remaining);
    }

    /** The same under this label. */
    public RepairStatus labelled(String name) {
        return new RepairStatus(node, name, works, backlog, bandwidthBytesPerSecond, trashBytes, unreferencedBytes);
    }
}
