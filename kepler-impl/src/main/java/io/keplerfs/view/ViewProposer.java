package io.keplerfs.view;

import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;
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
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks twice a second whether the membership, or an operator, asks for another view, and if so proposes it to the register of
 * the next epoch. Owned by the loop.
 *
 * <p>Anybody may propose and nobody leads: the register decides each epoch once. To keep them from all proposing at the same
 * moment, a member waits longer the more living members have a lower id. What an operator asks for does not wait.
 */
public final class ViewProposer {
    /** Changes that come within this time of each other become one view. */
    static final Duration BATCH = Duration.ofSeconds(1);
    /** How much longer each further member waits before it proposes in the place of one with a lower id. */
    static final Duration RANK_DELAY = Duration.ofSeconds(3);

    private static final Duration TICK = Duration.ofMillis(500);
    private static final Duration DECIDE_TIMEOUT = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(ViewProposer.class);

    private final Loop loop;
    private final NodeId self;
    private final Views views;
    private final Registers registers;
    private final Supplier<List<MemberInfo>> membership;
    private final Deaths deaths = new Deaths();
    private final NextView rules;
    private final Fault fault;

    private record Wish(ViewEdit edit, CompletableFuture<View> granted, long deadlineNanos) {}

    private final Queue<Wish> wishes = new ArrayDeque<>();
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
        this(loop, rpc, views, registers, membership, evictAfter, Fault.NONE);
    }

    ViewProposer(
            Loop loop,
            Rpc rpc,
            Views views,
            Registers registers,
            Supplier<List<MemberInfo>> membership,
            Duration evictAfter,
            Fault fault) {
        this.loop = loop;
        this.self = rpc.self();
        this.views = views;
        this.registers = registers;
        this.membership = membership;
        this.rules = new NextView(deaths, evictAfter, fault);
        this.fault = fault;
    }

    /** Begins to look. On the loop, once. */
    public void start() {
        loop.schedule(TICK, () -> {
            tick();
            start();
        });
    }

    /**
     * Has the edit agreed on, from whatever view it meets.
     *
     * @return the view that is as wanted, once it is agreed. Fails with {@link PreconditionFailedException} if the edit refuses,
     *     with {@link UnavailableException} if nothing could be agreed in time: it may be agreed yet, and asking again is safe
     */
    CompletableFuture<View> ask(ViewEdit edit, Duration timeout) {
        CompletableFuture<View> granted = new CompletableFuture<>();
        loop.execute(() -> {
            wishes.add(new Wish(edit, granted, loop.nanoTime() + timeout.toNanos()));
            tick();
        });
        return granted;
    }

    private void tick() {
        Optional<Ownership> known = views.ownership();
        if (known.isEmpty()) {
            return;
        }
        Ownership ownership = known.get();
        Map<NodeId, MemberInfo> members =
                membership.get().stream().collect(Collectors.toMap(MemberInfo::id, info -> info));
        deaths.note(ownership.newest(), members, self, loop.nanoTime());
        Optional<View> wish = grantWishes(ownership.newest());
        if (ownership.next().isPresent() || deciding) {
            return;
        }
        View current = ownership.current();
        if (wish.isPresent()) {
            decide(wish.get());
        } else if (current.has(self)) {
            consider(current, members);
        }
    }

    /** The first view somebody still waits for; ends the wishes that came true, are refused or have waited too long. */
    private Optional<View> grantWishes(View newest) {
        while (!wishes.isEmpty()) {
            Wish wish = wishes.element();
            try {
                View after = wish.edit.apply(newest);
                if (!after.sameAs(newest) && loop.nanoTime() < wish.deadlineNanos) {
                    return Optional.of(after);
                } else if (after.sameAs(newest)) {
                    wish.granted.complete(newest);
                } else {
                    wish.granted.completeExceptionally(new UnavailableException("the next view was not agreed in time: "
                            + "a majority of the voters must be reachable, and an earlier change must be over. It may "
                            + "be agreed yet; asking again is safe"));
                }
            } catch (PreconditionFailedException refused) {
                wish.granted.completeExceptionally(refused);
            }
            wishes.remove();
        }
        return Optional.empty();
    }

    private void consider(View current, Map<NodeId, MemberInfo> members) {
        List<ViewMember> next = rules.after(current, members, loop.nanoTime());
        if (!next.equals(wanted)) {
            wanted = next;
            wantedSinceNanos = loop.nanoTime();
        }
        long lowerAlive = current.ids().stream()
                .filter(id -> id.compareTo(self) < 0 && isAlive(members.get(id)))
                .count();
        long waitNanos = BATCH.toNanos() + lowerAlive * RANK_DELAY.toNanos();
        boolean somebodyOwns = next.stream().anyMatch(member -> !member.draining());
        if (!next.equals(current.members()) && somebodyOwns && loop.nanoTime() - wantedSinceNanos >= waitNanos) {
            decide(current.successor(next));
        }
    }

    private void decide(View proposal) {
        deciding = true;
        log.info("proposing {}", proposal);
        if (fault == Fault.MINORITY_DECIDES) {
            deciding = false;
            adopt(proposal);
            return;
        }
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
            adopt(viewIn(done.value()));
        } else if (outcome instanceof Outcome.Refused refused) {
            // Somebody else's proposal was decided: that is the next view.
            adopt(viewIn(refused.current()));
        } else {
            log.debug("no decision yet: {}", outcome);
        }
    }

    private static View viewIn(RegisterValue value) {
        return View.fromBytes(value.payload());
    }

    private void adopt(View decided) {
        views.ownership()
                .filter(known -> known.next().isEmpty()
                        && known.lineage() == decided.lineage()
                        && known.current().epoch() + 1 == decided.epoch())
                .ifPresent(known -> views.learn(known.movingTo(decided)));
    }

    private static boolean isAlive(@Nullable MemberInfo info) {
        return info != null && info.state() == MemberState.ALIVE;
    }
}
