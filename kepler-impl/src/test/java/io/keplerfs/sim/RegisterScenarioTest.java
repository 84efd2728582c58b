package io.keplerfs.sim;

import static io.keplerfs.sim.SimCluster.KEY;
import static io.keplerfs.sim.SimCluster.TIMEOUT;
import static io.keplerfs.sim.SimCluster.id;
import static io.keplerfs.sim.SimCluster.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.Settled;
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.Mistakes.Slip;
import io.keplerfs.sim.SimNetwork.Courier;
import io.keplerfs.sim.SimStore.Lie;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Stories that chance tells once in tens of thousands of seeds: each goes well, and goes wrong with one rule broken. */
class RegisterScenarioTest {
    private static final Duration SHORT = Duration.ofMillis(300);

    /** Requests of these kinds reach only these nodes; others are lost. */
    private static Courier only(Set<Kind> kinds, Integer... nodes) {
        return (from, to, kind) ->
                kinds.contains(kind) && List.of(nodes).stream().noneMatch(node -> to.equals(id(node)))
                        ? Courier.LOST
                        : 0;
    }

    @Test
    void aWriteThatWasBuiltOnTwiceIsNotDoneAgain() {
        assertThat(retryOfAWriteThatWasBuiltOnTwice(Mistakes.NONE)).isInstanceOf(Outcome.Done.class);
        assertThat(retryOfAWriteThatWasBuiltOnTwice(Mistakes.NONE))
                .extracting(outcome -> ((Outcome.Done) outcome).superseded())
                .isEqualTo(true);

        Outcome withoutAncestors = retryOfAWriteThatWasBuiltOnTwice(Mistakes.of("FORGET_ANCESTORS"));
        assertThat(((Outcome.Done) withoutAncestors).superseded()).isFalse();
    }

    private static Outcome retryOfAWriteThatWasBuiltOnTwice(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes);
        Set<Kind> accept = Set.of(Kind.ACCEPT);
        cluster.network.courier(only(accept, 1));
        assertThat(cluster.await(cluster.buildLater(4, 1, SHORT))).isInstanceOf(Outcome.Indeterminate.class);
        cluster.network.cut(id(5), id(2));
        assertThat(cluster.await(cluster.buildLater(5, 2, SHORT))).isInstanceOf(Outcome.Indeterminate.class);
        cluster.network.heal();
        cluster.network.courier((from, to, kind) ->
                kind == Kind.ACCEPT && to.equals(id(1)) || kind == Kind.PREPARE && to.equals(id(3)) ? Courier.LOST : 0);
        assertThat(cluster.await(cluster.buildLater(5, 3, TIMEOUT))).isInstanceOf(Outcome.Done.class);

        cluster.network.courier(only(Set.of(Kind.PREPARE, Kind.ACCEPT), 2, 3));
        return cluster.await(
                cluster.at(4).change(KEY, version(1), true, current -> SimCluster.written(1), false, TIMEOUT));
    }

    @Test
    void aWriteWhoseIdIsAheadOfTheClockIsNotDoneTwice() {
        assertThat(repetitionOfAForgottenWriteWithAnIdAhead(Mistakes.NONE)).isInstanceOf(Outcome.Indeterminate.class);

        Outcome twice = repetitionOfAForgottenWriteWithAnIdAhead(Mistakes.of("IGNORE_TIME_OF_ID"));
        assertThat(twice).isInstanceOf(Outcome.Done.class);
    }

    private static Outcome repetitionOfAForgottenWriteWithAnIdAhead(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes);
        long ahead =
                cluster.node(4).process().wallMillis() + Duration.ofMinutes(30).toMillis();
        VersionId id = VersionId.notBefore(ahead, 1);
        Change change = Change.toAnything(new byte[] {1});
        assertThat(cluster.await(cluster.at(4).change(KEY, id, false, change, false, TIMEOUT)))
                .isInstanceOf(Outcome.Done.class);
        for (int i = 1; i <= 100; i++) {
            cluster.put(4, i);
        }
        return cluster.await(cluster.at(5).change(KEY, id, true, change, false, TIMEOUT));
    }

    @Test
    void aPromiseOutlivesACrash() {
        assertThat(isLostAfterACrash(Mistakes.NONE)).isFalse();
        assertThat(isLostAfterACrash(Mistakes.of(Lie.PROMISE_NOT_SYNCED))).isTrue();
    }

    /** Node 5 is promised something by owners 1 and 2 and is slow to use it; meanwhile owner 1 crashes and node 4 writes. */
    private static boolean isLostAfterACrash(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes, 0, 0, 0, 0, 2_000);
        cluster.put(1, 1);
        cluster.network.courier((from, to, kind) -> {
            boolean late = from.equals(id(5)) && kind == Kind.ACCEPT;
            boolean lost = from.equals(id(5)) ? to.equals(id(3)) : to.equals(id(2));
            return lost ? Courier.LOST : late ? 200 : 0;
        });
        CompletableFuture<Outcome> slow =
                cluster.at(5).change(KEY, version(2), false, SimCluster.swap(1, 2), false, TIMEOUT);
        cluster.pass(Duration.ofMillis(20));
        cluster.node(1).crash();
        cluster.node(1).restart();
        cluster.pass(Duration.ofMillis(20));
        Outcome fast = cluster.swap(4, 1, 3);
        Outcome late = cluster.await(slow);
        return fast instanceof Outcome.Done && late instanceof Outcome.Done;
    }

    @Test
    void aPromiseThatCameAlongOutlivesACrash() {
        assertThat(successorsAfterACrash(Mistakes.NONE)).isEqualTo(1);
        assertThat(successorsAfterACrash(Mistakes.of(Lie.CARRY_NOT_SYNCED))).isEqualTo(2);
    }

    /**
     * Node 5's write and the promise of its next ballot, which is the next tick, are at owners 1 and 2. Owner 1 crashes. Node 4, its
     * clock behind, hears of the write from owner 1 alone, and so takes the next tick too, where its id makes the lower ballot:
     * only the promise of owner 1 tells node 5 that somebody came between.
     */
    private static int successorsAfterACrash(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes, 0, 0, 0, -1_000);
        cluster.network.courier((from, to, kind) -> {
            boolean lost = from.equals(id(5)) ? to.equals(id(3)) : to.equals(id(2));
            return lost ? Courier.LOST : 0;
        });
        assertThat(cluster.await(cluster.buildLater(5, 1, TIMEOUT))).isInstanceOf(Outcome.Done.class);
        cluster.pass(Duration.ofMillis(20));
        cluster.node(1).crash();
        cluster.node(1).restart();
        cluster.pass(Duration.ofMillis(20));
        Outcome between = cluster.swap(4, 1, 2);
        cluster.network.courier((from, to, kind) -> from.equals(id(5)) && to.equals(id(3)) ? Courier.LOST : 0);
        Outcome carried = cluster.swap(5, 1, 3);
        return (int) Stream.of(between, carried)
                .filter(Outcome.Done.class::isInstance)
                .count();
    }

    @Test
    void nothingIsWrittenAtOldOwnersBehindTheBackOfTheNewOnes() {
        assertThat(readAfterAMove(Mistakes.NONE)).isEqualTo(version(2));
        assertThat(readAfterAMove(Mistakes.of(Slip.UNFENCED))).isEqualTo(version(1));
    }

    /** The new owners 3 and 4 learn from the old ones; only then is something written by a node that knows of no move. */
    private static VersionId readAfterAMove(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes);
        cluster.put(1, 1);
        move(cluster, 3, 4);
        cluster.network.courier((from, to, kind) -> from.equals(id(5)) && to.equals(id(3)) ? Courier.LOST : 0);
        assertThat(cluster.put(5, 2)).isInstanceOf(Outcome.Done.class);
        cluster.network.courier((from, to, kind) -> 0);
        return readByNewOwners(cluster, 3, 4);
    }

    @Test
    void aPreparedWriteCannotComeBackFromAnOldOwnerOverANewerOne() {
        assertThat(successorsOfOneBase(Mistakes.NONE)).isEqualTo(1);
        assertThat(successorsOfOneBase(Mistakes.of(Slip.DROPS_PROMISES))).isEqualTo(2);
    }

    /** Node 5, its clock ahead, prepares at owners 1 and 3 and is accepted by 2 alone; the new owners 3 and 4 learn from 1. */
    private static int successorsOfOneBase(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes, 0, 0, 0, 0, 60_000);
        cluster.put(1, 1);
        cluster.network.courier((from, to, kind) -> {
            boolean lost = kind == Kind.PREPARE && to.equals(id(3)) || kind == Kind.ACCEPT && !to.equals(id(2));
            return from.equals(id(5)) && lost ? Courier.LOST : 0;
        });
        Outcome ahead =
                cluster.await(cluster.at(5).change(KEY, version(2), false, SimCluster.swap(1, 2), false, SHORT));
        assertThat(ahead).isInstanceOf(Outcome.Indeterminate.class);

        cluster.network.courier((from, to, kind) -> kind == Kind.SYNC_PULL && to.equals(id(2)) ? Courier.LOST : 0);
        move(cluster, 3, 4);
        cluster.node(2).ownership().enter(SimOwnership.NEW);
        cluster.node(3).ownership().enter(SimOwnership.NEW);
        cluster.node(4).ownership().enter(SimOwnership.NEW);
        cluster.pass(Duration.ofMillis(10));
        cluster.network.courier((from, to, kind) -> to.equals(id(2)) ? Courier.LOST : 0);
        int successors = cluster.swap(3, 1, 3) instanceof Outcome.Done ? 1 : 0;
        cluster.network.courier((from, to, kind) -> to.equals(id(4)) ? Courier.LOST : 0);
        Settled fate = cluster.await(cluster.at(3).settle(KEY, version(2), TIMEOUT));
        return ((Settled.Sealed) fate).fate() == Settled.Fate.CURRENT ? successors + 1 : successors;
    }

    @Test
    void aMergedValueIsNoVoteOfTheNewOwner() {
        assertThat(successorsAroundAMerge(Mistakes.NONE)).isEqualTo(1);
        assertThat(successorsAroundAMerge(Mistakes.of(Slip.VOTES_FOR_INHERITED)))
                .isEqualTo(2);
    }

    /**
     * In the transition, node 5's write is accepted by owners 1 and 4. Then owners 2 and 3 promise a newer ballot to node 2,
     * which sees nothing of it; and only then owner 3 learns it from owner 1, and gets node 5's own late accept.
     */
    private static int successorsAroundAMerge(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes);
        cluster.put(1, 1);
        cluster.pass(Duration.ofMillis(20));
        for (int node = 1; node <= 5; node++) {
            cluster.node(node).ownership().enter(SimOwnership.BOTH);
        }
        cluster.pass(Duration.ofMillis(20));
        Set<NodeId> between = Set.of(id(2), id(3));
        cluster.network.courier((from, to, kind) -> switch (kind) {
            case ACCEPT -> from.equals(id(2)) ? 300 : between.contains(to) ? 100 : 0;
            case PREPARE -> from.equals(id(2)) && !between.contains(to) ? Courier.LOST : 0;
            case SYNC_PULL -> to.equals(id(2)) ? Courier.LOST : 0;
            default -> 0;
        });
        CompletableFuture<Outcome> first =
                cluster.at(5).change(KEY, version(2), false, SimCluster.swap(1, 2), false, TIMEOUT);
        cluster.pass(Duration.ofMillis(10));
        CompletableFuture<Outcome> second =
                cluster.at(2).change(KEY, version(3), false, SimCluster.swap(1, 3), false, TIMEOUT);
        cluster.pass(Duration.ofMillis(10));
        cluster.node(3).ownership().pull();
        return (int) Stream.of(first, second)
                .map(cluster::await)
                .filter(Outcome.Done.class::isInstance)
                .count();
    }

    /** These owners enter the transition and merge; the other nodes know nothing of it unless they are told on the way. */
    private static void move(SimCluster cluster, int... owners) {
        for (int owner : owners) {
            cluster.node(owner).ownership().enter(SimOwnership.BOTH);
            cluster.pass(Duration.ofMillis(10));
            cluster.node(owner).ownership().pull();
        }
        cluster.pass(Duration.ofMillis(10));
        for (int owner : owners) {
            assertThat(cluster.node(owner).ownership().isSynced()).isTrue();
        }
    }

    @Test
    void nothingIsAcceptedInAViewThatTheOwnerHasBegunToLeave() {
        assertThat(readAfterASlowMove(Mistakes.NONE)).isEqualTo(version(2));
        assertThat(readAfterASlowMove(Mistakes.of(Slip.GATE_NOT_IN_TRANSACTION)))
                .isEqualTo(version(1));
    }

    /** The new owner 4 asks; while the old ones make it durable that they leave the view, a write of that view reaches them. */
    private static VersionId readAfterASlowMove(Mistakes mistakes) {
        SimCluster cluster = new SimCluster(mistakes);
        cluster.put(1, 1);
        cluster.pass(Duration.ofMillis(20));
        cluster.node(3).ownership().enter(SimOwnership.BOTH);
        cluster.node(4).ownership().enter(SimOwnership.BOTH);
        cluster.pass(Duration.ofMillis(5));
        cluster.network.courier((from, to, kind) ->
                kind == Kind.ACCEPT ? from.equals(id(5)) && to.equals(id(3)) ? Courier.LOST : 5 : 0);
        for (int old : new int[] {1, 2}) {
            cluster.node(old).store().stall(Duration.ofMillis(50));
        }
        cluster.node(3).ownership().pull();
        cluster.node(4).ownership().pull();
        assertThat(cluster.put(5, 2)).isInstanceOf(Outcome.Done.class);
        cluster.pass(Duration.ofMillis(200));
        cluster.network.courier((from, to, kind) -> 0);
        return readByNewOwners(cluster, 3, 4);
    }

    private static VersionId readByNewOwners(SimCluster cluster, int... owners) {
        for (int owner : owners) {
            cluster.node(owner).ownership().enter(SimOwnership.NEW);
        }
        cluster.pass(Duration.ofMillis(10));
        cluster.network.courier((from, to, kind) -> to.equals(id(2)) ? Courier.LOST : 0);
        return cluster.read(3).id();
    }
}
