package io.keplerfs.view;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Registers;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every second whether the membership asks for another view, and if so proposes it to the register of the next epoch.
 * Owned by the loop.
 *
 * <p>Anybody may propose and nobody leads: the register decides each epoch once. To keep them from all proposing at the same
 * moment, a member waits longer the more living members have a lower id.
 */
public final class ViewProposer {
    /** Joins that come within this time of each other become one view. */
    static final Duration BATCH = Duration.ofSeconds(1);
    /** How much longer each further member waits before it proposes in the place of one with a lower id. */
    static final Duration RANK_DELAY = Duration.ofSeconds(3);
    /** A larger part of the view than this, dead at the same time, is the network and not the nodes. */
    static final int LARGEST_DEAD_FRACTION = 4;

    private static final Duration TICK = Duration.ofMillis(500);
    private static final Duration DECIDE_TIMEOUT = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(ViewProposer.class);

    private final Loop loop;
    private final NodeId self;
    private final Views views;
    private final Registers registers;
    private final Supplier<List<MemberInfo>> membership;
    private final Duration evictAfter;

    private final Map<NodeId, Long> deadSinceNanos = new HashMap<>();
    private List<ViewMember> wanted = List.of();
    private long wantedSinceNanos;
    private boolean deciding;

    public ViewProposer(
            Loop loop,
            Rpc rpc,
            Views views,
            Registers registers,
            Supplier<List<MemberInfo>> membership,
            Duration evictAfter) {
        this.loop = loop;
        this.self = rpc.self();
        this.views = views;
        this.registers = registers;
        this.membership = membership;
        this.evictAfter = evictAfter;
    }

    /** Begins to look. On the loop, once. */
    public void start() {
        loop.schedule(TICK, () -> {
            tick();
            start();
        });
    }

    private void tick() {
        Map<NodeId, MemberInfo> members =
                membership.get().stream().collect(Collectors.toMap(MemberInfo::id, info -> info));
        noteDeaths(members);
        Optional<Ownership> ownership = views.ownership();
        if (ownership.isEmpty() || ownership.get().next().isPresent() || deciding) {
            return;
        }
        View current = ownership.get().current();
        if (current.has(self)) {
            consider(current, members);
        }
    }

    private void noteDeaths(Map<NodeId, MemberInfo> members) {
        members.values().forEach(info -> {
            if (info.state() == MemberState.DEAD || info.state() == MemberState.LEFT) {
                deadSinceNanos.putIfAbsent(info.id(), loop.nanoTime());
            } else {
                deadSinceNanos.remove(info.id());
            }
        });
    }

    private void consider(View current, Map<NodeId, MemberInfo> members) {
        List<ViewMember> next = nextMembers(current, members);
        if (!next.equals(wanted)) {
            wanted = next;
            wantedSinceNanos = loop.nanoTime();
        }
        boolean changed = !idsOf(wanted).equals(current.ids());
        long lowerAlive = current.ids().stream()
                .filter(id -> id.compareTo(self) < 0 && isAlive(members.get(id)))
                .count();
        long waitNanos = BATCH.toNanos() + lowerAlive * RANK_DELAY.toNanos();
        if (changed && loop.nanoTime() - wantedSinceNanos >= waitNanos) {
            decide(current.successor(wanted));
        }
    }

    private List<ViewMember> nextMembers(View current, Map<NodeId, MemberInfo> members) {
        List<ViewMember> next = new ArrayList<>(current.members());
        evictable(current).ifPresent(dead -> next.removeIf(member -> member.id().equals(dead)));
        members.values().stream()
                .filter(info -> isAlive(info) && !current.has(info.id()))
                .map(ViewMember::of)
                .forEach(next::add);
        next.sort(Comparator.comparing(ViewMember::id));
        return next;
    }

    /** One at a time, never below N members, never when so many died together that it must be the network. */
    private Optional<NodeId> evictable(View current) {
        List<NodeId> dead =
                current.ids().stream().filter(deadSinceNanos::containsKey).toList();
        boolean tooMany =
                dead.size() * LARGEST_DEAD_FRACTION > current.members().size();
        boolean tooFew = current.members().size() <= current.replication();
        if (tooMany || tooFew || wholeZoneIsDead(current, dead)) {
            return Optional.empty();
        }
        return dead.stream()
                .filter(id ->
                        loop.nanoTime() - deadSinceNanos.getOrDefault(id, loop.nanoTime()) >= evictAfter.toNanos())
                .findFirst();
    }

    private static boolean wholeZoneIsDead(View current, List<NodeId> dead) {
        Map<String, List<ViewMember>> zones =
                current.members().stream().collect(Collectors.groupingBy(ViewMember::zone));
        return zones.size() > 1
                && zones.values().stream()
                        .anyMatch(zone -> zone.stream().allMatch(member -> dead.contains(member.id())));
    }

    private void decide(View proposal) {
        deciding = true;
        log.info("proposing {}", proposal);
        RegisterKey register = new RegisterKey(Views.VIEW_BUCKET, 0, Long.toString(proposal.epoch()));
        VersionId id =
                new VersionId(new UUID(loop.random().nextLong(), loop.random().nextLong()));
        loop.when(
                registers.change(register, id, false, decideOnce(proposal), false, DECIDE_TIMEOUT),
                (outcome, failure) -> {
                    deciding = false;
                    decided(outcome);
                });
    }

    private static Change decideOnce(View proposal) {
        return current ->
                current.absent() ? new Change.Write(proposal.toBytes(), false) : new Change.Refuse("decided already");
    }

    private void decided(@Nullable Outcome outcome) {
        if (outcome instanceof Outcome.Done done) {
            adopt(done.value());
        } else if (outcome instanceof Outcome.Refused refused) {
            // Somebody else's proposal was decided: that is the next view.
            adopt(refused.current());
        } else {
            log.debug("no decision yet: {}", outcome);
        }
    }

    private void adopt(RegisterValue value) {
        View decided = View.fromBytes(value.payload());
        views.ownership()
                .filter(known -> known.next().isEmpty() && known.current().epoch() + 1 == decided.epoch())
                .ifPresent(known -> views.learn(known.movingTo(decided)));
    }

    private static boolean isAlive(@Nullable MemberInfo info) {
        return info != null && info.state() == MemberState.ALIVE;
    }

    private static List<NodeId> idsOf(List<ViewMember> members) {
        return members.stream().map(ViewMember::id).toList();
    }
}
