package io.keplerfs.repair;

import java.time.Duration;

/**
 * How long dead chunks and references are kept. Nothing depends on these ages for being right; they are nets under mistakes, and
 * they save work that would be undone soon.
 *
 * @param look how often there is a look at what can go
 * @param unreferenced a chunk without a reference is collected after this; an upload of the same content saves its bytes
 * @param trash a collected chunk is deleted after this; readers of a replaced version have so long to finish
 * @param trashWhenNearlyFull the same when the disk is nearly full ({@link io.keplerfs.spi.Store.Usage#isNearlyFull}); an
 *     unreferenced chunk is not kept for longer then either
 * @param upload an upload may take so long; the references of one that was not committed by then are looked into
 * @param audit references of committed uploads are compared with their registers so often
 * @param departed copies are kept for this long after a view without this node as their owner has come to stand
 * @param reconcile pause between two of the 256 parts in which files are compared with rows
 * @param scrub every chunk of this disk is hashed anew within this
 */
public record LifeTimes(
        Duration look,
        Duration unreferenced,
        Duration trash,
        Duration trashWhenNearlyFull,
        Duration upload,
        Duration audit,
        Duration departed,
        Duration reconcile,
        Duration scrub) {
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(30);
    private static final Duration SHORTEST_BETWEEN_LOOKS = Duration.ofSeconds(1);
    private static final Duration LONGEST_WHEN_NEARLY_FULL = Duration.ofMinutes(10);

    /**
     * What a real node uses.
     *
     * @param collectAfter age at which what nobody needs goes to the trash
     * @param trash age at which it is deleted
     */
    public static LifeTimes of(Duration collectAfter, Duration trash) {
        return new LifeTimes(
                max(SHORTEST_BETWEEN_LOOKS, min(LONGEST_BETWEEN_LOOKS, collectAfter.dividedBy(4))),
                collectAfter,
                trash,
                min(LONGEST_WHEN_NEARLY_FULL, trash),
                Duration.ofDays(1),
                Duration.ofDays(7),
                collectAfter,
                Duration.ofMinutes(5),
                Duration.ofDays(30));
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
