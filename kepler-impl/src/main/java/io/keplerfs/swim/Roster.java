package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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
    private final Set<Flaw> flaws;
    private final Crowd others;

    /** Those of the others who are dead or have left. */
    private final Map<NodeId, Known> gone = new LinkedHashMap<>();

    private final Map<NodeId, Suspicion> suspicions = new LinkedHashMap<>();

    /** The order of probing; each round is a new shuffle. */
    private final List<Known> round = new ArrayList<>();

    private MemberInfo self;
    private int nextInRound;
    private int living = 1;

    Roster(
            MemberInfo self,
            SwimTimings timings,
            RandomGenerator random,
            Rumours rumours,
            Consumer<Effect> effects,
            Set<Flaw> flaws) {
        this.self = self;
        this.timings = timings;
        this.random = random;
        this.rumours = rumours;
        this.effects = effects;
        this.flaws = flaws;
        others = new Crowd(random);
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
        return others.find(id);
    }

    Collection<Known> others() {
        return others.all();
    }

    List<MemberInfo> members() {
        List<MemberInfo> members = new ArrayList<>(others.size() + 1);
        members.add(self);
        others.all().forEach(known -> members.add(known.info));
        return List.copyOf(members);
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
        Known known = others.find(claim.member().id());
        MemberState state = claim.member().state();
        if (known == null) {
            // News of the dead are for those who knew them; newcomers learn them from a full state.
            if (state == MemberState.ALIVE || state == MemberState.SUSPECT) {
                admit(claim, nowNanos);
            }
        } else if (overrides(claim, known.info)) {
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
        others.add(known);
        // A random place, so that a new member is probed on average half a round from now by each.
        round.add(
                flaws.contains(Flaw.ROUNDS_NOT_SHUFFLED)
                        ? round.size()
                        : nextInRound + random.nextInt(round.size() - nextInRound + 1),
                known);
        living++;
        if (info.state() == MemberState.SUSPECT) {
            suspect(info.id(), claim.by(), nowNanos);
        }
        rumours.tell(claim);
        effects.accept(new Effect.Changed(info.state(), info, "new"));
    }

    /**
     * A member nobody here has heard of and who is dead for others. It counts as dead for as long as for them, and no longer, or
     * it would be handed around for ever. Not news: everybody else knows.
     */
    void admitDead(Claim claim, long nowNanos) {
        long ageNanos = TimeUnit.MINUTES.toNanos(claim.ageMinutes());
        if (others.size() >= MAX_MEMBERS || ageNanos >= deadMemoryNanos() || flaws.contains(Flaw.DEAD_NOT_LEARNED)) {
            return;
        }
        Known known = new Known(claim.member(), claim.by(), nowNanos - ageNanos);
        others.add(known);
        round.add(known);
        gone.put(claim.member().id(), known);
        retryLater(known, nowNanos);
        effects.accept(new Effect.Changed(MemberState.DEAD, known.info, "dead already, says a full state"));
    }

    /** Begins with these as if they had long been known: a simulation need not wait for 10,000 to meet. */
    void presume(Collection<MemberInfo> everybody, long nowNanos) {
        for (MemberInfo info : everybody) {
            if (!info.id().equals(self.id())) {
                Known known = new Known(info, info.id(), nowNanos);
                others.add(known);
                round.add(known);
                living++;
            }
        }
        shuffleRound();
    }

    private boolean overrides(Claim claim, MemberInfo known) {
        MemberInfo said = claim.member();
        boolean lives = said.state() == MemberState.ALIVE;
        return claim.overrides(known)
                || (flaws.contains(Flaw.OLD_ACCUSATION_HOLDS)
                        && claim.isAccusation()
                        && known.state() == MemberState.ALIVE)
                || (flaws.contains(Flaw.LEFT_COMES_BACK) && lives && known.state() == MemberState.LEFT)
                || (flaws.contains(Flaw.REPLAY_REVIVES) && lives && known.state() == MemberState.DEAD);
    }

    /** The one door. The claim must override what is known. */
    void become(Known known, Claim claim, long nowNanos, String reason) {
        MemberInfo before = known.info;
        if (!overrides(claim, before)) {
            throw new IllegalStateException("no way from " + before + " to " + claim);
        }
        boolean wasLiving = known.isLiving();
        known.take(claim, nowNanos);
        living += (known.isLiving() ? 1 : 0) - (wasLiving ? 1 : 0);
        if (known.isLiving()) {
            gone.remove(before.id());
        } else {
            gone.put(before.id(), known);
        }
        suspicions.remove(before.id());
        if (claim.member().state() == MemberState.SUSPECT) {
            suspect(before.id(), claim.by(), nowNanos);
        }
        retryLater(known, nowNanos);
        rumours.tell(known.claim(nowNanos));
        effects.accept(new Effect.Changed(before.state(), known.info, reason));
    }

    /** It has just been tried, or has just died. */
    void retryLater(Known known, long nowNanos) {
        known.retryNanos = nowNanos + timings.deadRetry().toNanos();
    }

    private void suspect(NodeId id, NodeId by, long nowNanos) {
        int couldConfirm = flaws.contains(Flaw.NO_LIFEGUARD) ? 0 : Math.max(0, living - 2);
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
        if (suspicion != null && !flaws.contains(Flaw.SUSPICION_NEVER_SHRINKS) && suspicion.confirm(claim.by())) {
            rumours.tell(claim);
        }
    }

    List<Known> suspectsUntil(long nowNanos) {
        if (suspicions.isEmpty()) {
            return List.of();
        }
        return suspicions.entrySet().stream()
                .filter(entry -> entry.getValue().deadlineNanos() - nowNanos <= 0)
                .map(entry -> Objects.requireNonNull(others.find(entry.getKey()), "a suspect is known"))
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
        if (flaws.contains(Flaw.ROUNDS_NOT_SHUFFLED)) {
            return;
        }
        for (int i = round.size() - 1; i > 0; i--) {
            Collections.swap(round, i, random.nextInt(i + 1));
        }
    }

    /** Up to so many different members at random. */
    List<Known> pick(int most, Predicate<Known> wanted) {
        return others.pick(most, wanted);
    }

    /** One of the dead that was not tried for a while, at random; none if there is none. */
    Optional<Known> deadToRetry(long nowNanos) {
        List<Known> due = gone.values().stream()
                .filter(known -> known.info.state() == MemberState.DEAD && known.retryNanos - nowNanos <= 0)
                .toList();
        return due.isEmpty() ? Optional.empty() : Optional.of(due.get(random.nextInt(due.size())));
    }

    /** What this node would tell of the members in these buckets of a {@link Digest}, itself not among them. */
    List<Claim> claims(long buckets, long nowNanos) {
        return others.all().stream()
                .filter(known -> Digest.contains(buckets, known.info.id()))
                .map(known -> known.claim(nowNanos))
                .toList();
    }

    Digest digest() {
        Digest digest = new Digest();
        digest.add(self);
        others.all().forEach(known -> digest.add(known.info));
        return digest;
    }

    /** Dead for a day or gone for a minute: forgotten, and not an event. */
    void reap(long nowNanos) {
        Set<Known> over = new HashSet<>();
        for (Known known : gone.values()) {
            boolean left = known.info.state() == MemberState.LEFT;
            long memoryNanos = left ? timings.leftMemory().toNanos() : deadMemoryNanos();
            if (nowNanos - known.sinceNanos >= memoryNanos) {
                over.add(known);
            }
        }
        if (!over.isEmpty()) {
            forget(over::contains);
        }
    }

    private long deadMemoryNanos() {
        return flaws.contains(Flaw.DEAD_FORGOTTEN) ? 0 : timings.deadMemory().toNanos();
    }

    /** They are not of our cluster any more. */
    void forgetAll(String reason) {
        others.all().stream()
                .filter(known -> known.info.state() != MemberState.LEFT)
                .forEach(known -> effects.accept(
                        new Effect.Changed(known.info.state(), known.info.withState(MemberState.LEFT), reason)));
        suspicions.clear();
        rumours.clear();
        living = 1;
        forget(known -> true);
    }

    private void forget(Predicate<Known> which) {
        others.removeIf(which);
        gone.values().removeIf(which);
        // Whoever has had its turn must not come before those who have not.
        int kept = 0;
        for (Known had : round.subList(0, nextInRound)) {
            kept += which.test(had) ? 0 : 1;
        }
        round.removeIf(which);
        nextInRound = kept;
    }
}
