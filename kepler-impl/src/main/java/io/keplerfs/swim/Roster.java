package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Everybody this node knows, itself included, and the one door through which a member's state changes: {@link #become}.
 *
 * <pre>
 * from \ to   ALIVE    SUSPECT  DEAD     LEFT      = at the same incarnation; &gt; only at a higher one
 * ALIVE       &gt;        =        =        =
 * SUSPECT     &gt;        &gt;        =        =
 * DEAD        &gt;        &gt;        &gt;        =
 * LEFT        &gt;        &gt;        &gt;        &gt;
 * </pre>
 */
final class Roster {
    /** An order of magnitude above the largest cluster in sight; each takes about 500 bytes. More are not admitted. */
    static final int MAX_MEMBERS = 16_384;

    /** Accusers beside the first that make a suspicion as short as it gets (Lifeguard's K). */
    private static final int CONFIRMATIONS = 3;

    private final SwimTimings timings;
    private final RandomGenerator random;
    private final Consumer<Effect> effects;
    private final Rumours rumours;
    private final Map<NodeId, Known> others = new LinkedHashMap<>();
    private final Map<NodeId, Suspicion> suspicions = new LinkedHashMap<>();

    /** The order of probing; each round is a new shuffle. */
    private final List<Known> round = new ArrayList<>();

    /** The same members, partly shuffled by each {@link #pick}. */
    private final List<Known> hat = new ArrayList<>();

    private MemberInfo self;
    private int nextInRound;
    private int living = 1;

    Roster(MemberInfo self, SwimTimings timings, RandomGenerator random, Rumours rumours, Consumer<Effect> effects) {
        this.self = self;
        this.timings = timings;
        this.random = random;
        this.rumours = rumours;
        this.effects = effects;
    }

    MemberInfo self() {
        return self;
    }

    /** Members that are alive or suspect, this node included. */
    int living() {
        return living;
    }

    @Nullable
    Known find(NodeId id) {
        return others.get(id);
    }

    Collection<Known> others() {
        return others.values();
    }

    List<MemberInfo> members() {
        List<MemberInfo> members = new ArrayList<>(others.size() + 1);
        members.add(self);
        others.values().forEach(known -> members.add(known.info));
        return List.copyOf(members);
    }

    Map<NodeId, Heard> heard() {
        Map<NodeId, Heard> heard = new LinkedHashMap<>();
        others.forEach((id, known) -> heard.put(id, known.heard));
        return heard;
    }

    /** This node says something new of itself. */
    void renew(MemberInfo newSelf, String reason) {
        MemberState before = self.state();
        self = newSelf;
        rumours.tell(Claim.of(newSelf));
        effects.accept(new Effect.Changed(before, newSelf, reason));
    }

    /** What is said of another member: taken if it is stronger than what is known. */
    void hear(Claim claim, long nowNanos, String reason) {
        Known known = others.get(claim.member().id());
        MemberState state = claim.member().state();
        if (known == null) {
            // The dead and the gone of others are not learned, or they would be handed around for ever.
            if (state == MemberState.ALIVE || state == MemberState.SUSPECT) {
                admit(claim, nowNanos);
            }
        } else if (claim.overrides(known.info)) {
            become(known, claim, nowNanos, reason);
        } else if (state == MemberState.SUSPECT && claim.member().equals(known.info)) {
            confirm(claim);
        }
    }

    /** A member nobody here has heard of, alive or suspect. Not admitted when the roster is full. */
    private void admit(Claim claim, long nowNanos) {
        if (others.size() >= MAX_MEMBERS) {
            return;
        }
        MemberInfo info = claim.member();
        Known known = new Known(info, claim.by(), nowNanos);
        others.put(info.id(), known);
        hat.add(known);
        // A random place, so that a new member is probed on average half a round from now by each.
        round.add(nextInRound + random.nextInt(round.size() - nextInRound + 1), known);
        living++;
        if (info.state() == MemberState.SUSPECT) {
            suspect(info.id(), claim.by(), nowNanos);
        }
        rumours.tell(claim);
        effects.accept(new Effect.Changed(info.state(), info, "new"));
    }

    /** The one door. The claim must override what is known. */
    void become(Known known, Claim claim, long nowNanos, String reason) {
        MemberInfo before = known.info;
        if (!claim.overrides(before)) {
            throw new IllegalStateException("no way from " + before + " to " + claim);
        }
        boolean wasLiving = known.isLiving();
        known.take(claim, nowNanos);
        living += (known.isLiving() ? 1 : 0) - (wasLiving ? 1 : 0);
        suspicions.remove(before.id());
        if (claim.member().state() == MemberState.SUSPECT) {
            suspect(before.id(), claim.by(), nowNanos);
        }
        retryLater(known, nowNanos);
        rumours.tell(known.claim());
        effects.accept(new Effect.Changed(before.state(), known.info, reason));
    }

    /** It has just been tried, or has just died. */
    void retryLater(Known known, long nowNanos) {
        known.retryNanos = nowNanos + timings.deadRetry().toNanos();
    }

    private void suspect(NodeId id, NodeId by, long nowNanos) {
        int couldConfirm = Math.max(0, living - 2);
        suspicions.put(
                id,
                new Suspicion(
                        by,
                        nowNanos,
                        timings.shortestSuspicionNanos(living),
                        timings.longestSuspicionNanos(living),
                        Math.min(CONFIRMATIONS, couldConfirm)));
    }

    /** Another one suspects a suspect: passed on if it is news. */
    private void confirm(Claim claim) {
        Suspicion suspicion = suspicions.get(claim.member().id());
        if (suspicion != null && suspicion.confirm(claim.by())) {
            rumours.tell(claim);
        }
    }

    List<Known> suspectsUntil(long nowNanos) {
        return suspicions.entrySet().stream()
                .filter(entry -> entry.getValue().deadlineNanos() - nowNanos <= 0)
                .map(entry -> others.get(entry.getKey()))
                .toList();
    }

    Collection<Suspicion> suspicions() {
        return suspicions.values();
    }

    /** The next to be probed: everybody once per round, in an order nobody can predict (SWIM, section 4.3). */
    @Nullable
    Known nextToProbe() {
        for (int tried = 0; tried <= round.size(); tried++) {
            if (nextInRound >= round.size()) {
                shuffleRound();
            }
            if (round.isEmpty()) {
                return null;
            }
            Known candidate = round.get(nextInRound++);
            if (candidate.isLiving()) {
                return candidate;
            }
        }
        return null;
    }

    private void shuffleRound() {
        nextInRound = 0;
        for (int i = round.size() - 1; i > 0; i--) {
            Collections.swap(round, i, random.nextInt(i + 1));
        }
    }

    /** Up to so many different members at random. */
    List<Known> pick(int most, Predicate<Known> wanted) {
        List<Known> picked = new ArrayList<>(most);
        for (int i = 0; i < hat.size() && picked.size() < most; i++) {
            Collections.swap(hat, i, i + random.nextInt(hat.size() - i));
            if (wanted.test(hat.get(i))) {
                picked.add(hat.get(i));
            }
        }
        return picked;
    }

    /** Dead for a day or gone for a minute: forgotten, and not an event. */
    void reap(long nowNanos) {
        forget(known -> {
            long ageNanos = nowNanos - known.sinceNanos;
            return switch (known.info.state()) {
                case ALIVE, SUSPECT -> false;
                case DEAD -> ageNanos >= timings.deadMemory().toNanos();
                case LEFT -> ageNanos >= timings.leftMemory().toNanos();
            };
        });
    }

    /** They are not of our cluster any more. */
    void forgetAll(String reason) {
        others.values().stream()
                .filter(known -> known.info.state() != MemberState.LEFT)
                .forEach(known -> effects.accept(
                        new Effect.Changed(known.info.state(), known.info.withState(MemberState.LEFT), reason)));
        suspicions.clear();
        rumours.clear();
        living = 1;
        forget(known -> true);
    }

    private void forget(Predicate<Known> which) {
        if (others.values().removeIf(which)) {
            hat.removeIf(which);
            round.removeIf(which);
            nextInRound = Math.min(nextInRound, round.size());
        }
    }
}
