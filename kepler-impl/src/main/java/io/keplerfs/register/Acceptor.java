package io.keplerfs.register;

import io.keplerfs.register.RegisterAnswer.Accepted;
import io.keplerfs.register.RegisterAnswer.Found;
import io.keplerfs.register.RegisterAnswer.Promised;
import io.keplerfs.register.RegisterAnswer.Refused;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.VersionId;

/**
 * The owner's half of the register, as functions from a row to a row (CASPaxos; protocols.md, section 5). An answer may leave
 * only after the row it came with is durable.
 */
public final class Acceptor {
    private Acceptor() {}

    /**
     * What a request does.
     *
     * @param changed whether the row is another than before
     */
    record Step(RegisterRow row, boolean changed, RegisterAnswer answer) {
        static Step to(RegisterRow row, RegisterAnswer answer) {
            return new Step(row, true, answer);
        }

        static Step none(RegisterRow row, RegisterAnswer answer) {
            return new Step(row, false, answer);
        }
    }

    /** Promises the ballot if it is above everything, and tells what is accepted and whether the write may be known. */
    static Step prepare(RegisterRow row, Ballot ballot, VersionId write) {
        if (ballot.compareTo(engaged(row)) <= 0) {
            return refuse(row);
        }
        Memory memory = Memory.decode(row.memory());
        return Step.to(
                new RegisterRow(row.key(), ballot, row.accepted(), row.value(), row.memory(), row.live()),
                new Promised(
                        row.accepted(),
                        !memory.inherited(),
                        row.value(),
                        memory.remembers(write),
                        memory.forgottenUpTo(),
                        memory.fence()));
    }

    /**
     * Takes the value unless something newer is promised or accepted. The same accept again is the same success, so that one
     * may be sent, or handed over by anti-entropy, any number of times.
     *
     * <p>With it the proposer may ask for the promise of its next ballot: the same as a prepare right behind the accept, which
     * would be told this very value. So a success says that both have happened.
     *
     * @param next ballot to promise once the value is accepted; zero for none
     * @param encoded the value's bytes, which are stored as they came
     */
    static Step accept(RegisterRow row, Ballot ballot, Ballot next, RegisterValue value, byte[] encoded) {
        Memory memory = Memory.decode(row.memory());
        if (ballot.compareTo(row.promised()) >= 0 && ballot.compareTo(row.accepted()) > 0) {
            byte[] voted = memory.voted(value).encode();
            return Step.to(
                    new RegisterRow(row.key(), later(ballot, next), ballot, encoded, voted, !value.absent()),
                    new Accepted());
        }
        boolean again = ballot.equals(row.accepted())
                && !memory.inherited()
                && RegisterValue.decode(row.value()).id().equals(value.id());
        if (!again) {
            return refuse(row);
        }
        return next.compareTo(row.promised()) > 0
                ? Step.to(
                        new RegisterRow(row.key(), next, ballot, row.value(), row.memory(), row.live()), new Accepted())
                : Step.none(row, new Accepted());
    }

    static Found query(RegisterRow row, boolean withValue) {
        boolean voted = !Memory.decode(row.memory()).inherited();
        return new Found(row.accepted(), voted, withValue, withValue ? row.value() : Found.NO_VALUE);
    }

    /**
     * What a new owner makes of its own row and an old owner's when ownership moves:
     *
     * <ul>
     *   <li>it takes the newer accepted value <em>even below a ballot it has promised</em>, because that value may be chosen
     *       already; but such a value is only known, never voted for: the proposer of the promised ballot was told that it was
     *       not here, so it must not count towards a majority now;
     *   <li>it takes over the promise: a write prepared at old owners may be accepted by one of them alone, and no lower ballot
     *       may be chosen among the new owners while that one can still surface;
     *   <li>it learns what the old owner remembers.
     * </ul>
     *
     * @return {@code row} itself if it has nothing to learn
     */
    public static RegisterRow merge(RegisterRow row, RegisterRow old) {
        if (!row.key().equals(old.key())) {
            throw new IllegalArgumentException("cannot merge " + old.key() + " into " + row.key());
        }
        boolean newer = old.accepted().compareTo(row.accepted()) > 0;
        RegisterRow source = newer ? old : row;
        Ballot promised = later(row.promised(), old.promised());
        Memory known = Memory.decode(row.memory());
        boolean inherited = newer ? promised.compareTo(source.accepted()) > 0 : known.inherited();
        Memory memory = known.merged(Memory.decode(old.memory()), inherited);
        if (!newer && promised.equals(row.promised()) && memory.equals(known)) {
            return row;
        }
        return new RegisterRow(
                row.key(),
                promised,
                source.accepted(),
                source.value(),
                memory.encode(),
                RegisterValue.isLive(source.value()));
    }

    private static Step refuse(RegisterRow row) {
        return Step.none(row, new Refused(engaged(row), row.accepted()));
    }

    private static Ballot engaged(RegisterRow row) {
        return later(row.promised(), row.accepted());
    }

    private static Ballot later(Ballot a, Ballot b) {
        return a.compareTo(b) >= 0 ? a : b;
    }
}
