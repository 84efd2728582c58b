package io.keplerfs.spi;

/**
 * What an owner keeps durably of one register. The arrays are opaque to the store and never change once handed over.
 *
 * @param key which register
 * @param promised no ballot below it is accepted any more
 * @param accepted ballot of the value, {@link Ballot#ZERO} if none was ever accepted
 * @param value encoded value, empty if none
 * @param memory encoded ids of recent writes this owner has accepted, and of their ancestors
 * @param live whether a listing shows it: it holds a value, and that is no tombstone
 */
public record RegisterRow(
        RegisterKey key, Ballot promised, Ballot accepted, byte[] value, byte[] memory, boolean live) {
    private static final byte[] NONE = new byte[0];

    /** One that is live if it holds any value. */
    public RegisterRow(RegisterKey key, Ballot promised, Ballot accepted, byte[] value, byte[] memory) {
        this(key, promised, accepted, value, memory, value.length > 0);
    }

    /** A live register of which a listing tells nothing but its key, see {@link RegisterRange}. */
    public static RegisterRow folded(RegisterKey key) {
        return new RegisterRow(key, Ballot.ZERO, Ballot.ZERO, NONE, NONE, true);
    }

    /** A register nobody has touched. */
    public static RegisterRow untouched(RegisterKey key) {
        return new RegisterRow(key, Ballot.ZERO, Ballot.ZERO, NONE, NONE);
    }
}
