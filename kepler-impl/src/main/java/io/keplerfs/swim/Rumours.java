package io.keplerfs.swim;

import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * News that waits to be carried along, the least told first. Each piece is told 4·⌈log10(n+1)⌉ times and then forgotten, which
 * reaches everybody with overwhelming probability (SWIM, section 4.1). At most one piece per member: the newest.
 */
final class Rumours {
    private static final int RETRANSMIT_MULTIPLIER = 4;

    /** Of two equally often told, the newer first: it is more urgent. */
    private static final Comparator<Rumour> LEAST_TOLD =
            Comparator.<Rumour>comparingInt(rumour -> rumour.told).thenComparingLong(rumour -> -rumour.age);

    private final Map<NodeId, Rumour> bySubject = new HashMap<>();
    private final TreeSet<Rumour> queue = new TreeSet<>(LEAST_TOLD);
    private final boolean forEver;
    private long nextAge;

    Rumours(Set<Flaw> flaws) {
        forEver = flaws.contains(Flaw.RETRANSMITS_FOR_EVER);
    }

    /** Replaces whatever was told of this member. */
    void tell(Claim claim) {
        Rumour rumour = new Rumour(claim, nextAge++, GossipCodec.claimBytes(claim));
        Rumour before = bySubject.put(claim.member().id(), rumour);
        if (before != null) {
            queue.remove(before);
        }
        queue.add(rumour);
    }

    /** Takes what fits and counts it as told; nothing about the one it goes to, which knows itself best. */
    List<Claim> take(int roomBytes, int members, NodeId to) {
        int limit = RETRANSMIT_MULTIPLIER * (int) Math.ceil(Math.log10(members + 1.0));
        List<Rumour> taken = new ArrayList<>();
        int room = roomBytes;
        for (Rumour rumour : queue) {
            if (rumour.bytes <= room && !rumour.claim.member().id().equals(to)) {
                taken.add(rumour);
                room -= rumour.bytes;
            }
        }
        taken.forEach(rumour -> told(rumour, limit));
        return taken.stream().map(rumour -> rumour.claim).toList();
    }

    private void told(Rumour rumour, int limit) {
        queue.remove(rumour);
        rumour.told++;
        if (rumour.told < limit || forEver) {
            queue.add(rumour);
        } else {
            bySubject.remove(rumour.claim.member().id());
        }
    }

    int size() {
        return queue.size();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    void clear() {
        queue.clear();
        bySubject.clear();
    }

    private static final class Rumour {
        final Claim claim;
        final long age;
        final int bytes;
        int told;

        Rumour(Claim claim, long age, int bytes) {
            this.claim = claim;
            this.age = age;
            this.bytes = bytes;
        }
    }
}
