package io.keplerfs.memory;

import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Reference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Digests counted from the tables each time: what is in memory is little. */
final class MemoryDigests {
    private MemoryDigests() {}

    static SortedMap<Integer, Digest> roots(MemoryTables tables, DigestKind kind, int from, int to) {
        SortedMap<Integer, Digest> roots = new TreeMap<>();
        items(tables, kind)
                .filter(item ->
                        item.getKey().partition() >= from && item.getKey().partition() < to)
                .forEach(item -> roots.merge(item.getKey().partition(), item.getValue(), Digest::plus));
        return roots;
    }

    static List<Digest> cells(MemoryTables tables, DigestKind kind, int partition) {
        List<Digest> cells = new ArrayList<>(Collections.nCopies(DigestCell.PER_PARTITION, Digest.ZERO));
        items(tables, kind)
                .filter(item -> item.getKey().partition() == partition)
                .forEach(item -> cells.set(
                        item.getKey().number(),
                        cells.get(item.getKey().number()).plus(item.getValue())));
        return cells;
    }

    private static Stream<Map.Entry<DigestCell, Digest>> items(MemoryTables tables, DigestKind kind) {
        return kind == DigestKind.REGISTERS
                ? registers(tables).map(item -> Map.entry(DigestCell.of(item.key()), item.digest()))
                : references(tables)
                        .map(reference -> Map.entry(
                                DigestCell.of(reference.chunk()),
                                Digest.of(reference.chunk(), reference.pin().upload())));
    }

    static Stream<AcceptedBallot> registers(MemoryTables tables) {
        return tables.registers.values().stream()
                .filter(DigestCell::counts)
                .map(row -> new AcceptedBallot(row.key(), row.accepted()));
    }

    static Stream<Reference> references(MemoryTables tables) {
        return tables.references.values().stream().filter(Reference::isLive).filter(reference -> {
            MemoryTables.StoredBytes chunk = tables.chunks.get(reference.chunk());
            return chunk != null && chunk.isLive();
        });
    }
}
