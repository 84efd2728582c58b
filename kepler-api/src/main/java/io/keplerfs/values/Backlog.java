package io.keplerfs.values;

import java.util.List;

/**
 * What one node still owes to others at one priority.
 *
 * @param priority shared by all of it
 * @param tasks tasks, one per chunk or other thing, file and target
 * @param chunks distinct chunks among them
 * @param bytes to be copied at most: who has a chunk already, perhaps from another node, says so and is sent nothing
 */
public record Backlog(Priority priority, long tasks, long chunks, long bytes) {
    /** Chunks that have fewer copies than wanted, as far as one node knows: a chunk at two priorities counts twice. */
    public static long shortChunks(List<Backlog> backlogs) {
        return backlogs.stream()
                .filter(backlog -> backlog.priority().isShort())
                .mapToLong(Backlog::chunks)
                .sum();
    }

    /** Tasks that copy chunks. */
    public static long copies(List<Backlog> backlogs) {
        return backlogs.stream()
                .filter(backlog -> backlog.priority() != Priority.SMALL)
                .mapToLong(Backlog::tasks)
                .sum();
    }

    /** Bytes of all of them. */
    public static long bytes(List<Backlog> backlogs) {
        return backlogs.stream().mapToLong(Backlog::bytes).sum();
    }
}
