package io.keplerfs.register;

import io.keplerfs.spi.Ballot;

/**
 * The ballots that one task may use. Two tasks with windows that do not overlap are ordered whatever any clock says: when one in
 * the later window is done, a majority refuses every ballot of the earlier one.
 *
 * @param fromTime lowest {@link Ballot#time}
 * @param belowTime all are below this
 */
public record BallotWindow(long fromTime, long belowTime) {
    /** Every ballot. */
    public static final BallotWindow ANY = new BallotWindow(Long.MIN_VALUE, Long.MAX_VALUE);

    public static BallotWindow below(long time) {
        return new BallotWindow(Long.MIN_VALUE, time);
    }

    public static BallotWindow from(long time) {
        return new BallotWindow(time, Long.MAX_VALUE);
    }

    boolean contains(Ballot ballot) {
        return ballot.time() >= fromTime && ballot.time() < belowTime;
    }

    String describe(Ballot ballot) {
        return ballot.time() < fromTime
                ? "it is too early by this node's clock: " + ballot + " is below " + fromTime
                : "it took too long: " + ballot + " is not below " + belowTime
                        + ", when others may give it up for dead";
    }
}
