package io.keplerfs.register;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.register.RegisterAnswer.Accepted;
import io.keplerfs.register.RegisterAnswer.Found;
import io.keplerfs.register.RegisterAnswer.Promised;
import io.keplerfs.register.RegisterAnswer.Refused;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AcceptorTest {
    private static final RegisterKey KEY = new RegisterKey("photos", 3, "a");
    private static final RegisterRow UNTOUCHED = RegisterRow.untouched(KEY);
    private static final Change.Write WRITE = new Change.Write(new byte[] {1, 2}, false);

    private static Ballot ballot(long time) {
        return new Ballot(time, new NodeId(new UUID(0, 1)));
    }

    private static VersionId id(int number) {
        return new VersionId(new UUID(9, number));
    }

    private static RegisterValue value(int number) {
        return RegisterValue.first(id(number), number, WRITE);
    }

    private static RegisterRow promised(RegisterRow row, long time) {
        return Acceptor.prepare(row, ballot(time), id(0)).row();
    }

    private static Acceptor.Step accept(RegisterRow row, long time, RegisterValue value) {
        return Acceptor.accept(row, ballot(time), Ballot.ZERO, value, value.encode());
    }

    private static RegisterRow accepted(RegisterRow row, long time, RegisterValue value) {
        Acceptor.Step step = accept(row, time, value);
        assertThat(step.answer()).isInstanceOf(Accepted.class);
        return step.row();
    }

    @Test
    void aPromiseTellsWhatIsAcceptedAndWhetherTheWriteIsKnown() {
        RegisterRow row = accepted(UNTOUCHED, 5, value(5).successor(id(6), 6, WRITE));

        Promised promise = (Promised) Acceptor.prepare(row, ballot(7), id(5)).answer();
        assertThat(promise.accepted()).isEqualTo(ballot(5));
        assertThat(RegisterValue.decode(promise.value()).id()).isEqualTo(id(6));
        assertThat(promise.knowsWrite()).isTrue();
        assertThat(promise.voted()).isTrue();
        assertThat(((Promised) Acceptor.prepare(row, ballot(7), id(4)).answer()).knowsWrite())
                .isFalse();
    }

    @Test
    void aBallotThatIsNotAboveEverythingIsNotPromised() {
        RegisterRow row = promised(accepted(UNTOUCHED, 5, value(5)), 7);

        for (long time : new long[] {4, 5, 6, 7}) {
            Acceptor.Step step = Acceptor.prepare(row, ballot(time), id(0));
            assertThat(step.changed()).isFalse();
            assertThat(step.answer()).isEqualTo(new Refused(ballot(7), ballot(5)));
        }
    }

    @Test
    void nothingBelowAPromiseIsAccepted() {
        RegisterRow row = promised(UNTOUCHED, 7);

        assertThat(accept(row, 6, value(6)).answer()).isEqualTo(new Refused(ballot(7), Ballot.ZERO));
        assertThat(accept(row, 6, value(6)).changed()).isFalse();
        assertThat(accept(row, 7, value(6)).answer()).isInstanceOf(Accepted.class);
    }

    @Test
    void theSameAcceptAgainIsTheSameSuccessEvenAfterANewerPromise() {
        RegisterRow row = promised(accepted(UNTOUCHED, 5, value(5)), 9);

        assertThat(accept(row, 5, value(5)).answer()).isInstanceOf(Accepted.class);
        assertThat(accept(row, 5, value(5)).changed()).isFalse();
        assertThat(accept(row, 5, value(6)).answer()).isInstanceOf(Refused.class);
    }

    @Test
    void aMergeTakesTheNewerValueBelowAPromiseButDoesNotVoteForIt() {
        RegisterRow old = accepted(UNTOUCHED, 5, value(5));
        RegisterRow merged = Acceptor.merge(promised(UNTOUCHED, 7), old);

        assertThat(merged.accepted()).isEqualTo(ballot(5));
        assertThat(merged.promised()).isEqualTo(ballot(7));
        assertThat(accept(merged, 5, value(5)).answer()).isEqualTo(new Refused(ballot(7), ballot(5)));
        assertThat(Acceptor.query(merged, true).voted()).isFalse();
        assertThat(((Promised) Acceptor.prepare(merged, ballot(8), id(5)).answer()).voted())
                .isFalse();

        RegisterRow voted = accepted(merged, 7, value(5));
        assertThat(Acceptor.query(voted, false)).isEqualTo(new Found(ballot(7), true, false, Found.NO_VALUE));
    }

    @Test
    void aMergeTakesOverThePromiseOfTheOldOwner() {
        RegisterRow merged = Acceptor.merge(accepted(UNTOUCHED, 5, value(5)), promised(UNTOUCHED, 7));

        assertThat(merged.accepted()).isEqualTo(ballot(5));
        assertThat(accept(merged, 6, value(6)).answer()).isInstanceOf(Refused.class);
        assertThat(Acceptor.query(merged, false).voted()).isTrue();
    }

    @Test
    void aMergeLearnsWhatTheOldOwnerRemembers() {
        RegisterRow old = accepted(accepted(UNTOUCHED, 5, value(5)), 6, value(6));
        RegisterRow merged = Acceptor.merge(accepted(UNTOUCHED, 8, value(8)), old);

        assertThat(merged.accepted()).isEqualTo(ballot(8));
        assertThat(((Promised) Acceptor.prepare(merged, ballot(9), id(5)).answer()).knowsWrite())
                .isTrue();
    }

    @Test
    void aMergeWithNothingNewChangesNothing() {
        RegisterRow row = accepted(accepted(UNTOUCHED, 5, value(5)), 6, value(6));

        assertThat(Acceptor.merge(row, accepted(UNTOUCHED, 5, value(5)))).isSameAs(row);
        assertThat(Acceptor.merge(row, row)).isSameAs(row);
        assertThatThrownBy(() -> Acceptor.merge(row, RegisterRow.untouched(new RegisterKey("b", 0, "x"))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Acceptor.Step acceptAndPromise(RegisterRow row, long time, long next, RegisterValue value) {
        return Acceptor.accept(row, ballot(time), ballot(next), value, value.encode());
    }

    @Test
    void anAcceptMayBringThePromiseOfTheNextBallotAlong() {
        RegisterRow row = acceptAndPromise(UNTOUCHED, 5, 6, value(5)).row();

        assertThat(row.accepted()).isEqualTo(ballot(5));
        assertThat(row.promised()).isEqualTo(ballot(6));
        assertThat(accept(row, 6, value(6)).answer()).isInstanceOf(Accepted.class);
    }

    @Test
    void whoeverComesBetweenAnAcceptAndItsPromiseIsRefused() {
        RegisterRow row = acceptAndPromise(UNTOUCHED, 5, 8, value(5)).row();

        assertThat(Acceptor.prepare(row, ballot(7), id(0)).answer()).isInstanceOf(Refused.class);
        assertThat(accept(row, 7, value(7)).answer()).isInstanceOf(Refused.class);
        assertThat(accept(promised(row, 9), 8, value(8)).answer()).isInstanceOf(Refused.class);
    }

    @Test
    void theSameAcceptAgainStillBringsItsPromise() {
        RegisterRow offered = accepted(UNTOUCHED, 5, value(5));

        Acceptor.Step again = acceptAndPromise(offered, 5, 6, value(5));

        assertThat(again.answer()).isInstanceOf(Accepted.class);
        assertThat(again.row().promised()).isEqualTo(ballot(6));
        assertThat(acceptAndPromise(promised(offered, 9), 5, 6, value(5)).row().promised())
                .isEqualTo(ballot(9));
    }

    @Test
    void aRefusedAcceptBringsNoPromise() {
        assertThat(acceptAndPromise(promised(UNTOUCHED, 6), 5, 9, value(5)).changed())
                .isFalse();
    }

    @Test
    void theHighestFenceIsRememberedWhateverReplacesItsValueAndMovesWithTheRegister() {
        RegisterValue fenced = RegisterValue.first(id(5), 5, new Change.Write(new byte[] {1}, false, 7));
        RegisterRow row = accepted(accepted(UNTOUCHED, 5, fenced), 6, value(6));

        assertThat(((Promised) Acceptor.prepare(row, ballot(7), id(0)).answer()).fence())
                .isEqualTo(7);
        RegisterRow moved = Acceptor.merge(accepted(UNTOUCHED, 8, value(8)), row);
        assertThat(((Promised) Acceptor.prepare(moved, ballot(9), id(0)).answer()).fence())
                .isEqualTo(7);
        assertThat(((Promised) Acceptor.prepare(UNTOUCHED, ballot(9), id(0)).answer()).fence())
                .isZero();
    }

    @Test
    void aSuccessorKeepsTheFenceAndItsBytesSayIt() {
        RegisterValue fenced = RegisterValue.first(id(5), 5, new Change.Write(new byte[] {1}, false, 7));

        RegisterValue next = fenced.successor(id(6), 6, WRITE);

        assertThat(RegisterValue.decode(next.encode()).fence()).isEqualTo(7);
        assertThat(value(6).fenced(9).fence()).isEqualTo(9);
        assertThat(next.fenced(3).fence()).isEqualTo(7);
        assertThat(value(6).encode()[1]).isZero();
        assertThat(RegisterValue.isLive(fenced.encode())).isTrue();
    }
}
