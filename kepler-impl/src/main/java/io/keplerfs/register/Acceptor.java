package io.keplerfs.register;

import io.keplerfs.VersionId;
import io.keplerfs.register.RegisterAnswer.Accepted;
import io.keplerfs.register.RegisterAnswer.Found;
import io.keplerfs.register.RegisterAnswer.Promised;
import io.keplerfs.register.RegisterAnswer.Refused;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;

/**
 * The owner's half of the register, as functions from a row to a row (CASPaxos; protocols.md, section 5). An answer may leave
 * only after the row it came with is durable.
 */
public final class Acceptor {
    private Acceptor() {}

    /**
     * What a request does.
     *
     * @param row the very same object if nothing changes
     */
    record Step(RegisterRow row, RegisterAnswer answer) {}

    /** Promises the ballot if it is above everything, and tells what is accepted and whether the write may be known. */
    static Step prepare(RegisterRow row, Ballot ballot, VersionId write) {
        Ballot engaged = engaged(row);
        if (ballot.compareTo(engaged) <= 0) {
            return new Step(row, new Refused(engaged));
        }
        Memory memory = Memory.decode(row.memory());
        return new Step(
                new RegisterRow(row.key(), ballot, row.accepted(), row.value(), row.memory()),
                new Promised(row.accepted(), row.value(), memory.remembers(write), memory.forgottenUpTo()));
    }

    /**
     * Takes the value unless something newer is promised or accepted. The same accept again is the same success, so that one
     * may be sent, or handed over by anti-entropy, any number of times.
     *
     * @param encoded the value's bytes, which are stored as they came
     */
    static Step accept(RegisterRow row, Ballot ballot, RegisterValue value, byte[] encoded) {
        boolean newer = ballot.compareTo(row.promised()) >= 0 && ballot.compareTo(row.accepted()) > 0;
        if (newer) {
            byte[] memory = Memory.decode(row.memory()).with(value).encode();
            return new Step(new RegisterRow(row.key(), ballot, ballot, encoded, memory), new Accepted());
        }
        boolean again = ballot.equals(row.accepted())
                && RegisterValue.decode(row.value()).id().equals(value.id());
        return new Step(row, again ? new Accepted() : new Refused(engaged(row)));
    }

    static Found query(RegisterRow row, boolean withValue) {
        return new Found(row.accepted(), withValue, withValue ? row.value() : Found.NO_VALUE);
    }

    /**
     * What a new owner makes of its own row and an old owner's when ownership moves: it takes the newer accepted value <em>even
     * below a ballot it has promised</em>, because that value may be chosen already; it takes over the promise, because a write
     * prepared at old owners may be accepted by only one of them, and no lower ballot may be chosen among the new ones; and it
     * learns what the old owner remembers.
     *
     * @return {@code row} itself if it has nothing to learn
     */
    public static RegisterRow merge(RegisterRow row, RegisterRow old) {
        RegisterKey key = row.key();
        if (!key.equals(old.key())) {
            throw new IllegalArgumentException("cannot merge " + old.key() + " into " + key);
        }
        Memory known = Memory.decode(row.memory());
        Memory memory = known.with(Memory.decode(old.memory()));
        boolean newer = old.accepted().compareTo(row.accepted()) > 0;
        boolean higher = old.promised().compareTo(row.promised()) > 0;
        if (!newer && !higher && memory.equals(known)) {
            return row;
        }
        RegisterRow source = newer ? old : row;
        Ballot promised = higher ? old.promised() : row.promised();
        return new RegisterRow(key, promised, source.accepted(), source.value(), memory.encode());
    }

    private static Ballot engaged(RegisterRow row) {
        return row.promised().compareTo(row.accepted()) >= 0 ? row.promised() : row.accepted();
    }
}
