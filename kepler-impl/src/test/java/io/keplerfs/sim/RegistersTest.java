package io.keplerfs.sim;

import static io.keplerfs.sim.SimCluster.KEY;
import static io.keplerfs.sim.SimCluster.TIMEOUT;
import static io.keplerfs.sim.SimCluster.bytes;
import static io.keplerfs.sim.SimCluster.id;
import static io.keplerfs.sim.SimCluster.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.register.BallotWindow;
import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.Outcome.Done;
import io.keplerfs.register.Outcome.Indeterminate;
import io.keplerfs.register.Outcome.Refused;
import io.keplerfs.register.Outcome.Unavailable;
import io.keplerfs.register.ReadResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Settled;
import io.keplerfs.register.Settled.Fate;
import io.keplerfs.register.Tombstones;
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimNetwork.Courier;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RegistersTest {
    private static final Duration SHORT = Duration.ofMillis(300);

    private final SimCluster cluster = new SimCluster();

    private Done done(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Done.class);
        return (Done) outcome;
    }

    private Outcome put(int node, int version, boolean sentBefore, boolean all, Duration timeout) {
        Change change = Change.toAnything(bytes("v" + version));
        return cluster.await(cluster.at(node).change(KEY, version(version), sentBefore, change, all, timeout));
    }

    private Fate fate(int version) {
        return fate(4, version);
    }

    private Fate fate(int node, int version) {
        Settled settled = cluster.await(cluster.at(node).settle(KEY, version(version), TIMEOUT));
        return ((Settled.Sealed) settled).fate();
    }

    private void loseRequests(Kind lost, NodeId... owners) {
        cluster.network.courier(
                (from, to, kind) -> kind == lost && List.of(owners).contains(to) ? Courier.LOST : 0);
    }

    @Test
    void aPutOfAFreshValueIsOneMessageToEachOwner() {
        Done done = done(cluster.put(4, 1));

        assertThat(done.value().payload()).isEqualTo(bytes("v1"));
        assertThat(done.acked()).hasSize(2);
        cluster.pass(Duration.ofMillis(20));
        assertThat(cluster.requests("ACCEPT")).isEqualTo(3);
        assertThat(cluster.requests("PREPARE")).isZero();
        assertThat(cluster.read(5).id()).isEqualTo(version(1));
    }

    @Test
    void aReadThatFindsAgreementIsOneRoundTripAndChangesNothing() {
        cluster.put(4, 1);
        cluster.pass(Duration.ofMillis(20));
        cluster.read(1);
        cluster.read(5);

        assertThat(cluster.requests("QUERY")).isEqualTo(6);
        assertThat(cluster.requests("PREPARE")).isZero();
        assertThat(cluster.requests("ACCEPT")).isEqualTo(3);
    }

    @Test
    void aReadOfSomethingNeverWrittenFindsNothing() {
        assertThat(cluster.read(4).isNone()).isTrue();
        assertThat(cluster.read(4).absent()).isTrue();
    }

    @Test
    void aReadFinishesAHalfWrittenValueBeforeItShowsIt() {
        loseRequests(Kind.ACCEPT, id(2), id(3));
        assertThat(put(4, 1, false, false, SHORT)).isInstanceOf(Indeterminate.class);
        loseRequests(Kind.STATUS);

        assertThat(cluster.read(1).id()).isEqualTo(version(1));
        cluster.node(1).crash();
        assertThat(cluster.read(5).id()).isEqualTo(version(1));
    }

    @Test
    void aReadNamesTheOwnersThatAreBehind() {
        loseRequests(Kind.ACCEPT, id(3));
        cluster.put(4, 1);
        cluster.pass(Duration.ofSeconds(1));

        ReadResult read = cluster.await(cluster.at(3).read(KEY, TIMEOUT));
        assertThat(((ReadResult.Value) read).value().id()).isEqualTo(version(1));
        assertThat(((ReadResult.Value) read).behind()).containsExactly(id(3));
    }

    @Test
    void withoutAReachableMajorityNothingIsSent() {
        cluster.node(2).crash();
        cluster.node(3).crash();

        Outcome outcome = cluster.put(4, 1);
        assertThat(outcome).isInstanceOf(Unavailable.class);
        assertThat(((Unavailable) outcome).reason())
                .contains("photos/sunset.jpg", version(1).toString(), id(2).toString(), "nothing was changed");
        assertThat(cluster.await(cluster.at(4).read(KEY, TIMEOUT))).isInstanceOf(ReadResult.Unavailable.class);
        assertThat(cluster.requests("ACCEPT") + cluster.requests("QUERY")).isZero();
    }

    @Test
    void silenceAfterSendingIsIndeterminateAndSaysWho() {
        loseRequests(Kind.ACCEPT, id(2), id(3));

        Outcome outcome = put(4, 1, false, false, SHORT);
        assertThat(outcome).isInstanceOf(Indeterminate.class);
        assertThat(((Indeterminate) outcome).reason())
                .contains(id(2).toString(), "it may still appear", version(1).toString());
    }

    @Test
    void aRetryUnderTheSameIdFindsThatItHasHappened() {
        done(cluster.put(4, 1));

        Done again = done(put(5, 1, true, false, TIMEOUT));
        assertThat(again.superseded()).isFalse();
        assertThat(again.value().id()).isEqualTo(version(1));
    }

    @Test
    void aRetryOfAWriteThatWasOverwrittenDoesNotBringItBack() {
        cluster.put(4, 1);
        cluster.put(5, 2);

        assertThat(put(4, 1, true, false, TIMEOUT)).isInstanceOf(Indeterminate.class);
        assertThat(cluster.read(4).id()).isEqualTo(version(2));
    }

    @Test
    void aRetryOfAWriteThatNobodyHasSeenIsDone() {
        cluster.put(4, 1);

        assertThat(done(put(4, 2, true, false, TIMEOUT)).value().id()).isEqualTo(version(2));
    }

    private static final int MORE_THAN_OWNERS_REMEMBER = 100;

    private Outcome put(int node, VersionId version, boolean sentBefore) {
        Change change = Change.toAnything(version.toString().getBytes(StandardCharsets.US_ASCII));
        return cluster.await(cluster.at(node).change(KEY, version, sentBefore, change, false, TIMEOUT));
    }

    private VersionId versionNow(int node) {
        return cluster.await(cluster.at(node).newVersion());
    }

    @Test
    void aRetryIsNotInDoubtBecauseOfWhatWasForgottenBeforeItsTime() {
        for (int i = 1; i <= MORE_THAN_OWNERS_REMEMBER; i++) {
            build(4, i);
        }
        VersionId random = version(1000);
        cluster.pass(Duration.ofSeconds(10));
        VersionId timed = versionNow(5);

        assertThat(put(4, random, true)).isInstanceOf(Indeterminate.class);
        assertThat(done(put(4, timed, true)).value().id()).isEqualTo(timed);
    }

    @Test
    void aRetryOfWhatHappenedAndWasForgottenSinceIsInDoubt() {
        VersionId timed = versionNow(4);
        done(put(4, timed, false));
        for (int i = 1; i <= MORE_THAN_OWNERS_REMEMBER; i++) {
            cluster.put(5, i);
        }

        assertThat(put(4, timed, true)).isInstanceOf(Indeterminate.class);
        assertThat(cluster.read(4).id()).isEqualTo(version(MORE_THAN_OWNERS_REMEMBER));
    }

    @Test
    void aWriteWithAnIdAheadOfTheClockIsWrittenAtTheTimeOfItsId() {
        long ahead =
                cluster.node(4).process().wallMillis() + Duration.ofMinutes(30).toMillis();
        VersionId timed = VersionId.notBefore(ahead, 1);

        assertThat(done(put(4, timed, false)).value().time() >>> 16).isGreaterThanOrEqualTo(ahead);
    }

    @Test
    void aWriteWithAnIdTooFarAheadOfTheClockIsNotSent() {
        long ahead =
                cluster.node(4).process().wallMillis() + Duration.ofHours(2).toMillis();
        long before = cluster.requests("ACCEPT") + cluster.requests("PREPARE");

        Outcome outcome = put(4, VersionId.notBefore(ahead, 1), false);

        assertThat(outcome).isInstanceOf(Unavailable.class);
        assertThat(((Unavailable) outcome).reason()).contains("too far ahead of the clock", "nothing was changed");
        assertThat(cluster.requests("ACCEPT") + cluster.requests("PREPARE")).isEqualTo(before);
    }

    @Test
    void aPromiseThatCameAlongIsNotUsedForAnIdThatIsYounger() {
        build(4, 1);
        long now = cluster.node(4).process().wallMillis() + 1;
        Change change = current -> SimCluster.written(2);

        assertThat(roundTrips(() -> done(cluster.await(
                        cluster.at(4).change(KEY, VersionId.notBefore(now, 1), false, change, false, TIMEOUT)))))
                .isEqualTo(2);
        assertThat(cluster.read(1).time() >>> 16).isGreaterThanOrEqualTo(now);
    }

    @Test
    void aPromiseThatCameAlongIsUsedForANewId() {
        build(4, 1);
        Change change = current -> SimCluster.written(2);
        VersionId timed = versionNow(4);

        assertThat(roundTrips(
                        () -> done(cluster.await(cluster.at(4).change(KEY, timed, false, change, false, TIMEOUT)))))
                .isEqualTo(1);
    }

    @Test
    void ofTwoWritersOnOneBaseOneIsRefusedAndToldWhatIsThere() {
        cluster.put(1, 1);
        Change first = SimCluster.swap(1, 2);
        Change second = SimCluster.swap(1, 3);
        CompletableFuture<Outcome> one = cluster.at(4).change(KEY, version(2), false, first, false, TIMEOUT);
        CompletableFuture<Outcome> two = cluster.at(5).change(KEY, version(3), false, second, false, TIMEOUT);
        List<Outcome> outcomes = List.of(cluster.await(one), cluster.await(two));

        assertThat(outcomes).filteredOn(Done.class::isInstance).hasSize(1);
        assertThat(outcomes).filteredOn(Refused.class::isInstance).hasSize(1);
        VersionId winner = cluster.read(1).id();
        outcomes.stream()
                .filter(Refused.class::isInstance)
                .map(Refused.class::cast)
                .forEach(refused -> {
                    assertThat(refused.current().id()).isEqualTo(winner);
                    assertThat(refused.reason()).contains("it is version " + winner);
                });
    }

    @Test
    void aRefusalOnACertainValueWritesNothing() {
        cluster.put(4, 1);
        cluster.pass(Duration.ofMillis(20));

        assertThat(cluster.swap(5, 9, 2)).isInstanceOf(Refused.class);
        assertThat(cluster.requests("ACCEPT")).isEqualTo(3);
    }

    @Test
    void versionTimesRiseAlthoughTheWritersClockIsBehind() {
        SimCluster skewed = new SimCluster(Mistakes.NONE, 0, 0, 0, 1_500_000, -1_500_000);
        Done ahead = done(skewed.put(4, 1));
        Done behind = done(skewed.put(5, 2));

        assertThat(behind.value().time()).isGreaterThan(ahead.value().time());
        assertThat(skewed.read(5).id()).isEqualTo(version(2));
    }

    @Test
    void aTombstoneKeepsItsPayload() {
        cluster.put(4, 1);
        Change erase = Change.toTombstone(bytes("token 7"));
        done(cluster.await(cluster.at(4).change(KEY, version(2), false, erase, false, TIMEOUT)));

        assertThat(cluster.read(5).absent()).isTrue();
        assertThat(cluster.read(5).payload()).isEqualTo(bytes("token 7"));
    }

    @Test
    void whoHasNotAckedIsToldWhenEverybodyHasAnswered() {
        loseRequests(Kind.ACCEPT, id(3));
        Done done = done(cluster.put(4, 1));

        assertThat(done.acked()).containsExactlyInAnyOrder(id(1), id(2));
        assertThat(done.open()).containsExactly(id(3));
        assertThat(cluster.await(done.missing().toCompletableFuture())).containsExactly(id(3));
    }

    @Test
    void aLateAckIsNotMissing() {
        cluster.network.courier((from, to, kind) -> to.equals(id(3)) ? 50 : 0);
        Done done = done(cluster.put(4, 1));

        assertThat(done.open()).containsExactly(id(3));
        assertThat(cluster.await(done.missing().toCompletableFuture())).isEmpty();
    }

    @Test
    void allOwnersMustAckIfThatIsAskedFor() {
        assertThat(done(put(4, 1, false, true, TIMEOUT)).acked()).hasSize(3);

        loseRequests(Kind.ACCEPT, id(3));
        Outcome partial = put(4, 2, false, true, SHORT);
        assertThat(partial).isInstanceOf(Indeterminate.class);
        assertThat(((Indeterminate) partial).reason()).contains("a majority of the owners has it, but not all");

        cluster.node(3).crash();
        assertThat(put(4, 3, false, true, SHORT)).isInstanceOf(Unavailable.class);
    }

    @Test
    void anOwnerThatRefusedIsWonOverWhenAllMustAck() {
        loseRequests(Kind.ACCEPT, id(1), id(2));
        put(5, 1, false, false, SHORT);
        loseRequests(Kind.STATUS);

        assertThat(done(put(4, 2, false, true, TIMEOUT)).acked()).hasSize(3);
    }

    @Test
    void settlingTellsTheFateOfAWrite() {
        assertThat(fate(1)).isEqualTo(Fate.NEVER);
        cluster.put(4, 1);
        assertThat(fate(1)).isEqualTo(Fate.CURRENT);
        cluster.swap(4, 1, 2);
        assertThat(fate(1)).isEqualTo(Fate.SUPERSEDED);
        cluster.put(4, 3);
        assertThat(fate(1)).isEqualTo(Fate.PERHAPS);
        assertThat(cluster.read(4).id()).isEqualTo(version(3));
    }

    @Test
    void aMessageThatWasUnderWayWhenItsFateWasSealedIsPowerless() {
        cluster.network.courier((from, to, kind) -> kind == Kind.ACCEPT && from.equals(id(5)) ? 400 : 0);
        CompletableFuture<Outcome> slow = cluster.at(5)
                .change(KEY, version(1), false, Change.toAnything(bytes("slow")), false, Duration.ofMillis(200));
        cluster.pass(Duration.ofMillis(10));
        assertThat(fate(5, 1)).isEqualTo(Fate.NEVER);
        cluster.await(slow);
        cluster.pass(Duration.ofSeconds(1));

        assertThat(cluster.read(4).isNone()).isTrue();
    }

    @Test
    void anOfferBringsAnOwnerUpToDateAndNeverBack() {
        loseRequests(Kind.ACCEPT, id(3));
        Done old = done(cluster.put(4, 1));
        loseRequests(Kind.STATUS);
        assertThat(offer(old)).isTrue();
        assertThat(cluster.node(3).store().onDisk(KEY).accepted()).isEqualTo(old.ballot());

        Done young = done(cluster.put(4, 2));
        cluster.pass(Duration.ofMillis(20));
        assertThat(offer(old)).isTrue();
        assertThat(offer(young)).isTrue();
        assertThat(cluster.node(3).store().onDisk(KEY).accepted()).isEqualTo(young.ballot());
    }

    private boolean offer(Done done) {
        return cluster.await(cluster.at(4).offer(KEY, done.ballot(), done.value(), id(3), TIMEOUT));
    }

    @Test
    void manyRivalsAllComeToAnEndAndMostGetThrough() {
        List<Outcome> outcomes = IntStream.rangeClosed(1, 20)
                .mapToObj(i -> cluster.buildLater(1 + i % 5, i, Duration.ofSeconds(60)))
                .toList()
                .stream()
                .map(cluster::await)
                .toList();

        assertThat(outcomes).hasOnlyElementsOfTypes(Done.class, Indeterminate.class);
        assertThat(outcomes).filteredOn(Done.class::isInstance).hasSizeGreaterThan(10);
    }

    @Test
    void aChangeThatThrowsFailsItsCallerOnly() {
        CompletableFuture<Outcome> broken = cluster.at(4)
                .change(
                        KEY,
                        version(1),
                        false,
                        current -> {
                            throw new IllegalStateException("cannot decide");
                        },
                        false,
                        TIMEOUT);

        assertThatThrownBy(() -> cluster.await(broken))
                .isInstanceOf(CompletionException.class)
                .hasRootCauseMessage("cannot decide");
        done(cluster.put(4, 2));
    }

    private long roundTrips(Runnable work) {
        long before = cluster.requests("ACCEPT") + cluster.requests("PREPARE");
        work.run();
        cluster.pass(Duration.ofMillis(20));
        return (cluster.requests("ACCEPT") + cluster.requests("PREPARE") - before) / 3;
    }

    private void build(int node, int version) {
        assertThat(done(cluster.await(cluster.buildLater(node, version, TIMEOUT)))
                        .superseded())
                .isFalse();
    }

    @Test
    void aWriterThatWroteLastNeedsOneRoundTripForItsNextConditionalWrite() {
        assertThat(roundTrips(() -> build(4, 1))).isEqualTo(2);
        assertThat(roundTrips(() -> build(4, 2))).isEqualTo(1);
        assertThat(roundTrips(() -> assertThat(cluster.swap(4, 2, 3)).isInstanceOf(Done.class)))
                .isEqualTo(1);
        assertThat(roundTrips(() -> erase(4, 4))).isEqualTo(1);
        assertThat(roundTrips(() -> build(4, 5))).isEqualTo(1);

        RegisterValue current = cluster.read(1);
        assertThat(current.id()).isEqualTo(version(5));
        assertThat(current.ancestors())
                .extracting(RegisterValue.Mark::id)
                .containsExactly(version(4), version(3), version(2), version(1));
    }

    private void erase(int node, int version) {
        Change change = current -> new Change.Write(new byte[0], true);
        assertThat(cluster.await(cluster.at(node).change(KEY, version(version), false, change, false, TIMEOUT)))
                .isInstanceOf(Done.class);
    }

    @Test
    void aPromiseThatCameAlongIsWorthNothingOnceSomebodyElseHasWritten() {
        build(4, 1);
        build(5, 2);

        assertThat(cluster.swap(4, 1, 3)).isInstanceOf(Refused.class);
        assertThat(roundTrips(() -> build(4, 4))).isEqualTo(2);
        assertThat(cluster.read(1).ancestors())
                .extracting(RegisterValue.Mark::id)
                .containsExactly(version(2), version(1));
    }

    @Test
    void aConditionThatFailsAgainstAKeptValueIsAskedOfTheOwners() {
        build(4, 1);
        build(5, 2);

        assertThat(cluster.swap(4, 2, 3)).isInstanceOf(Done.class);
    }

    @Test
    void aPromiseThatCameAlongIsUsedForTwoSecondsOnly() {
        build(4, 1);
        cluster.pass(Duration.ofSeconds(3));
        long before = cluster.node(4).process().wallMillis();

        assertThat(roundTrips(() -> build(4, 2))).isEqualTo(2);
        assertThat(cluster.read(1).time() >>> 16).isGreaterThanOrEqualTo(before);
    }

    @Test
    void aPromiseOfOtherOwnersIsNotUsed() {
        build(5, 1);
        for (int node = 1; node <= 5; node++) {
            cluster.node(node).ownership().enter(SimOwnership.BOTH);
        }
        cluster.pass(Duration.ofMillis(20));

        build(5, 2);
        assertThat(cluster.requests("PREPARE")).isEqualTo(3 + 4);
    }

    private Outcome fenced(int node, int version, long token) {
        Change change = current -> current.fence() <= token
                ? new Change.Write(bytes("v" + version), false, token)
                : new Change.Refuse("token " + current.fence() + " is higher");
        return cluster.await(cluster.at(node).change(KEY, version(version), false, change, false, TIMEOUT));
    }

    @Test
    void aWriteOnACarriedPromiseKeepsTheFence() {
        assertThat(fenced(4, 1, 7)).isInstanceOf(Done.class);
        assertThat(roundTrips(() -> build(4, 2))).isEqualTo(1);
        assertThat(roundTrips(() -> erase(4, 3))).isEqualTo(1);
        assertThat(roundTrips(() -> build(4, 4))).isEqualTo(1);

        assertThat(cluster.read(1).fence()).isEqualTo(7);
        assertThat(fenced(5, 5, 6)).isInstanceOf(Refused.class);
        assertThat(fenced(5, 5, 7)).isInstanceOf(Done.class);
    }

    @Test
    void aLowerTokenIsRefusedAlthoughAPromiseCameAlong() {
        assertThat(fenced(4, 1, 7)).isInstanceOf(Done.class);

        assertThat(fenced(4, 2, 6)).isInstanceOf(Refused.class);
        assertThat(fenced(4, 2, 8)).isInstanceOf(Done.class);
        assertThat(roundTrips(() -> assertThat(fenced(4, 3, 8)).isInstanceOf(Done.class)))
                .isEqualTo(1);
    }

    /** The put does not look at what it replaces; what is carried with the next write must know the fence all the same. */
    @Test
    void aFenceBehindAnUnconditionalPutIsCarriedOn() {
        assertThat(fenced(4, 1, 7)).isInstanceOf(Done.class);
        assertThat(cluster.put(4, 2)).isInstanceOf(Done.class);
        build(4, 3);

        assertThat(fenced(4, 4, 6)).isInstanceOf(Refused.class);
        assertThat(fenced(4, 4, 7)).isInstanceOf(Done.class);
    }

    @Test
    void aPromiseThatCameAlongIsNotUsedOutsideTheWindowOfTheWrite() {
        build(4, 1);
        long begin = (cluster.node(4).process().wallMillis() + 1_000) << 16;
        cluster.pass(Duration.ofMillis(1_500));

        Change change = current -> SimCluster.written(2);
        BallotWindow window = BallotWindow.from(begin);
        assertThat(roundTrips(() -> assertThat(cluster.await(
                                cluster.at(4).change(KEY, version(2), false, change, false, window, TIMEOUT)))
                        .isInstanceOf(Done.class)))
                .isEqualTo(2);
        assertThat(cluster.read(1).time()).isGreaterThanOrEqualTo(begin);
    }

    @Test
    void nothingIsSentOnceTheWindowOfTheWriteIsOver() {
        build(4, 1);
        BallotWindow window = BallotWindow.below(cluster.read(1).time());

        assertThat(roundTrips(() -> assertThat(cluster.await(cluster.at(4)
                                .change(
                                        KEY,
                                        version(2),
                                        false,
                                        current -> SimCluster.written(2),
                                        false,
                                        window,
                                        TIMEOUT)))
                        .isInstanceOf(Unavailable.class)))
                .isZero();
        assertThat(cluster.read(1).id()).isEqualTo(version(1));
    }

    @Test
    void aTombstoneIsNotRemovedWhileAnOwnerRemembersAFence() {
        assertThat(fenced(4, 1, 7)).isInstanceOf(Done.class);
        assertThat(cluster.await(
                        cluster.at(4).change(KEY, version(2), false, Change.toTombstone(new byte[0]), true, TIMEOUT)))
                .isInstanceOf(Done.class);
        cluster.pass(Duration.ofSeconds(1));
        RegisterRow row = cluster.node(1).store().onDisk(KEY);

        assertThat(Tombstones.isRipe(row, Long.MAX_VALUE)).isFalse();
        assertThat(cluster.node(1).remove(List.of(row), everybody())).isZero();
        assertThat(cluster.node(1).store().onDisk(KEY).accepted()).isEqualTo(row.accepted());
        assertThat(fenced(5, 3, 6)).isInstanceOf(Refused.class);
    }

    @Test
    void aTombstoneWithoutAFenceIsRemovedAndLeavesAFloorThatNobodySees() {
        erase(4, 1);
        cluster.pass(Duration.ofSeconds(1));
        RegisterRow row = cluster.node(1).store().onDisk(KEY);

        assertThat(Tombstones.isRipe(row, Long.MAX_VALUE)).isTrue();
        assertThat(cluster.node(1).remove(List.of(row), everybody())).isOne();
        RegisterRow floor = cluster.node(1).store().onDisk(new RegisterKey(KEY.bucket(), KEY.shard(), ""));
        assertThat(floor.promised()).isGreaterThan(row.promised());
        assertThat(floor.live()).isFalse();
        assertThat(Tombstones.isRipe(floor, Long.MAX_VALUE)).isFalse();
        assertThat(cluster.read(1).isNone()).isTrue();
    }

    @Test
    void aPromiseToAWriteThatCameToNothingIsRemovedLikeATombstone() {
        loseRequests(Kind.PREPARE, id(2), id(3));
        assertThat(put(4, 1, true, false, SHORT)).isInstanceOf(Indeterminate.class);
        loseRequests(Kind.STATUS);
        RegisterRow row = cluster.node(1).store().onDisk(KEY);
        assertThat(row.accepted().isZero()).isTrue();
        assertThat(row.promised().isZero()).isFalse();

        assertThat(cluster.node(1).remove(List.of(row), everybody())).isOne();

        assertThat(cluster.node(1).store().onDisk(KEY).promised().isZero()).isTrue();
        RegisterRow floor = cluster.node(1).store().onDisk(new RegisterKey(KEY.bucket(), KEY.shard(), ""));
        assertThat(floor.promised()).isGreaterThan(row.promised());
    }

    private static List<NodeId> everybody() {
        return IntStream.rangeClosed(1, 5).mapToObj(SimCluster::id).toList();
    }

    @Test
    void aPromiseThatCameAlongEndsWithTheProcess() {
        build(4, 1);
        cluster.node(4).crash();
        cluster.node(4).restart();
        cluster.pass(Duration.ofMillis(20));

        assertThat(roundTrips(() -> build(4, 2))).isEqualTo(2);
    }
}
