package io.keplerfs.register;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;

/**
 * What is left of the tombstones that an owner has removed: one ballot for each shard, above all of theirs, from which every
 * register of the shard that has no row starts. A write from before the delete that arrives late is refused by it, as the
 * tombstone would have.
 *
 * <p>It is the promise of a register with an empty key, which no file has: so it is durable with the removal, and goes to a new
 * owner with the other registers, where {@link Acceptor#merge} keeps the higher one.
 */
final class Floor {
    private Floor() {}

    static boolean isFloor(RegisterKey key) {
        return key.key().isEmpty();
    }

    private static RegisterKey keyOf(RegisterKey register) {
        return new RegisterKey(register.bucket(), register.shard(), "");
    }

    /** Below it no ballot is accepted by a register of this shard that has no row. */
    static Ballot of(Store.Snapshot tables, RegisterKey register) {
        return tables.register(keyOf(register)).promised();
    }

    /** The register as its acceptor must see it. */
    static RegisterRow register(Store.Snapshot tables, RegisterKey key) {
        RegisterRow row = tables.register(key);
        boolean untouched = row.promised().isZero() && row.accepted().isZero();
        return untouched ? new RegisterRow(key, of(tables, key), Ballot.ZERO, row.value(), row.memory(), false) : row;
    }

    /** Makes the floor higher than everything the row was engaged to. */
    static void raiseAbove(Store.Transaction tables, RegisterRow row) {
        RegisterRow floor = tables.register(keyOf(row.key()));
        long above = Math.max(row.promised().time(), row.accepted().time()) + 1;
        if (above > floor.promised().time()) {
            Ballot raised = new Ballot(above, Ballot.ZERO.node());
            tables.putRegister(new RegisterRow(floor.key(), raised, Ballot.ZERO, floor.value(), floor.memory(), false));
        }
    }
}
