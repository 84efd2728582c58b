package io.keplerfs.sim;

import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The tables a simulated store keeps, or the changes of one transaction to them. */
record SimTables(NavigableMap<RegisterKey, RegisterRow> registers, NavigableMap<String, byte[]> settings) {
    SimTables() {
        this(new TreeMap<>(), new TreeMap<>());
    }

    SimTables(SimTables other) {
        this(new TreeMap<>(other.registers), new TreeMap<>(other.settings));
    }

    RegisterRow register(RegisterKey key) {
        return registers.getOrDefault(key, RegisterRow.untouched(key));
    }

    /** A row that was removed is put as an untouched one, which says the same. */
    void putAll(SimTables changes) {
        registers.putAll(changes.registers);
        settings.putAll(changes.settings);
    }
}
