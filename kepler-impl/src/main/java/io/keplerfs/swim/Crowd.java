package io.keplerfs.swim;

import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Everybody else this node knows: found by id, picked at random. Part of the {@link Roster}, which owns it.
 *
 * <p>For maintainers: an open table and a list instead of a map, because a simulation of 10,000 nodes holds 10,000 of these with
 * 10,000 members each, and a map's entries would take more room than what they are about.
 */
final class Crowd {
    private static final int SMALLEST_TABLE = 16;
    private static final int GOLDEN = 0x9E3779B9;

    private final RandomGenerator random;

    /** In no order: {@link #pick} shuffles it bit by bit. */
    private final List<Known> all = new ArrayList<>();

    /** By hash, with linear probing; a power of two, at most half full. */
    private @Nullable Known[] table = new @Nullable Known[SMALLEST_TABLE];

    Crowd(RandomGenerator random) {
        this.random = random;
    }

    int size() {
        return all.size();
    }

    Collection<Known> all() {
        return Collections.unmodifiableList(all);
    }

    @Nullable
    Known find(NodeId id) {
        return table[slot(id)];
    }

    /** Somebody who is not in it yet. */
    void add(Known known) {
        all.add(known);
        if (2 * all.size() > table.length) {
            rebuild(2 * table.length);
        } else {
            table[slot(known.info.id())] = known;
        }
    }

    void removeIf(Predicate<Known> which) {
        if (all.removeIf(which)) {
            rebuild(table.length);
        }
    }

    /** Up to so many different members at random. */
    List<Known> pick(int most, Predicate<Known> wanted) {
        List<Known> picked = new ArrayList<>(most);
        for (int i = 0; i < all.size() && picked.size() < most; i++) {
            Collections.swap(all, i, i + random.nextInt(all.size() - i));
            if (wanted.test(all.get(i))) {
                picked.add(all.get(i));
            }
        }
        return picked;
    }

    /** Where it is, or would be. */
    private int slot(NodeId id) {
        int mask = table.length - 1;
        int hash = id.hashCode() * GOLDEN;
        int slot = (hash ^ (hash >>> 16)) & mask;
        for (Known there = table[slot]; there != null && !there.info.id().equals(id); there = table[slot]) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void rebuild(int size) {
        table = new @Nullable Known[size];
        all.forEach(known -> table[slot(known.info.id())] = known);
    }
}
