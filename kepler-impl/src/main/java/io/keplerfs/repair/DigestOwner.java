package io.keplerfs.repair;

import io.keplerfs.register.StageGate;
import io.keplerfs.repair.DigestMessages.Differing;
import io.keplerfs.repair.DigestMessages.Held;
import io.keplerfs.repair.DigestMessages.Items;
import io.keplerfs.repair.DigestMessages.Roots;
import io.keplerfs.repair.DigestMessages.Row;
import io.keplerfs.repair.DigestMessages.Wanted;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport.Responder;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Answers the questions of an owner that compares ({@link DigestMessages}) from this node's store. Any thread. */
final class DigestOwner {
    private final NodeId self;
    private final Store store;
    private final Supplier<Optional<Ownership>> ownership;
    private final StageGate gate;
    private final LongSupplier wallMillis;

    DigestOwner(
            Rpc rpc, Store store, Supplier<Optional<Ownership>> ownership, StageGate gate, LongSupplier wallMillis) {
        this.self = rpc.self();
        this.store = store;
        this.ownership = ownership;
        this.gate = gate;
        this.wallMillis = wallMillis;
        rpc.serve(Kind.COMPARE, this::answer);
    }

    private void answer(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        int question = head.u8();
        long stage = head.int64();
        Ownership now = ownership.get().orElse(null);
        if (now == null || now.stage() != stage || now.next().isPresent()) {
            responder.respond(DigestMessages.otherStage());
            return;
        }
        Ring ring = now.current().ring();
        Predicate<Integer> shared = partition ->
                ring.owners(partition).contains(from) && ring.owners(partition).contains(self);
        Function<Store.Snapshot, WireWriter> query = query(question, head, shared);
        store.read(tables -> gate.stage(tables) == stage
                        ? Message.of(query.apply(tables).toBuffer())
                        : DigestMessages.otherStage())
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        responder.fail("cannot compare: " + failure.getMessage());
                    } else {
                        responder.respond(answer);
                    }
                });
    }

    private Function<Store.Snapshot, WireWriter> query(int question, WireReader in, Predicate<Integer> shared) {
        switch (question) {
            case DigestMessages.ROOTS -> {
                Roots theirs = Roots.read(in);
                in.end();
                return tables -> roots(tables, theirs, shared);
            }
            case DigestMessages.CELLS -> {
                DigestKind kind = in.constant(DigestKind.class);
                List<Integer> partitions = in.list(DigestMessages::partition);
                in.end();
                limit(partitions.size(), DigestMessages.MOST_PARTITIONS, "partitions");
                require(partitions, shared);
                return tables -> cells(tables, kind, partitions);
            }
            case DigestMessages.ITEMS -> {
                DigestKind kind = in.constant(DigestKind.class);
                List<DigestCell> cells = in.list(reader -> DigestMessages.readCell(reader, kind));
                Digest after = DigestMessages.digest(in);
                in.end();
                limit(cells.size(), DigestMessages.MOST_CELLS, "cells");
                require(cells.stream().map(DigestCell::partition).toList(), shared);
                return tables -> items(tables, cells, after);
            }
            case DigestMessages.REGISTERS -> {
                List<Wanted> wanted = wanted(in, DigestKind.REGISTERS, shared);
                return tables -> registers(tables, wanted);
            }
            case DigestMessages.CHUNKS -> {
                List<Wanted> wanted = wanted(in, DigestKind.CHUNKS, shared);
                long now = wallMillis.getAsLong();
                return tables -> chunks(tables, wanted, now);
            }
            default -> throw new MalformedMessageException("no question has the number " + question);
        }
    }

    private static List<Wanted> wanted(WireReader in, DigestKind kind, Predicate<Integer> shared) {
        List<Wanted> wanted = in.list(reader -> Wanted.read(reader, kind));
        in.end();
        limit(wanted.stream().mapToInt(each -> each.items().size()).sum(), DigestMessages.MOST_WANTED, "items");
        require(wanted.stream().map(each -> each.cell().partition()).toList(), shared);
        return wanted;
    }

    private static void limit(int count, int most, String what) {
        if (count > most) {
            throw new MalformedMessageException("asked about " + count + " " + what + ", the most is " + most);
        }
    }

    private static void require(List<Integer> partitions, Predicate<Integer> shared) {
        for (int partition : partitions) {
            if (!shared.test(partition)) {
                throw new MalformedMessageException("partition " + partition + " is not owned by both");
            }
        }
    }

    private static WireWriter follows() {
        return new WireWriter().u8(DigestMessages.FOLLOWS);
    }

    private static WireWriter roots(Store.Snapshot tables, Roots theirs, Predicate<Integer> shared) {
        WireWriter out = follows();
        new Differing(
                        differing(tables, DigestKind.REGISTERS, theirs, theirs.registers(), shared),
                        differing(tables, DigestKind.CHUNKS, theirs, theirs.chunks(), shared))
                .write(out);
        return out;
    }

    private static List<Integer> differing(
            Store.Snapshot tables,
            DigestKind kind,
            Roots range,
            SortedMap<Integer, Digest> theirs,
            Predicate<Integer> shared) {
        SortedMap<Integer, Digest> mine = tables.digests(kind, range.from(), range.to());
        Set<Integer> anything = new TreeSet<>(mine.keySet());
        anything.addAll(theirs.subMap(range.from(), range.to()).keySet());
        return anything.stream()
                .filter(partition ->
                        !mine.getOrDefault(partition, Digest.ZERO).equals(theirs.getOrDefault(partition, Digest.ZERO)))
                .filter(shared)
                .toList();
    }

    private static WireWriter cells(Store.Snapshot tables, DigestKind kind, List<Integer> partitions) {
        WireWriter out = follows();
        partitions.forEach(partition -> DigestMessages.writeCells(out, tables.digestCells(kind, partition)));
        return out;
    }

    /** Ascending. */
    static List<Digest> digests(Store.Snapshot tables, DigestCell cell) {
        return cell.kind() == DigestKind.REGISTERS
                ? tables.registersIn(cell).stream()
                        .map(AcceptedBallot::digest)
                        .sorted()
                        .toList()
                : tables.referencesIn(cell).stream()
                        .map(reference ->
                                Digest.of(reference.chunk(), reference.pin().upload()))
                        .sorted()
                        .toList();
    }

    private static WireWriter items(Store.Snapshot tables, List<DigestCell> cells, Digest after) {
        List<List<Digest>> answered = new ArrayList<>();
        int room = DigestMessages.MOST_ITEMS;
        for (DigestCell cell : cells) {
            Digest above = answered.isEmpty() ? after : Digest.ZERO;
            List<Digest> rest = digests(tables, cell).stream()
                    .filter(item -> item.compareTo(above) > 0)
                    .toList();
            if (rest.size() > room) {
                if (room > 0) {
                    answered.add(rest.subList(0, room));
                }
                WireWriter out = follows();
                new Items(answered, room > 0).write(out);
                return out;
            }
            answered.add(rest);
            room -= rest.size();
        }
        WireWriter out = follows();
        new Items(answered, false).write(out);
        return out;
    }

    private static WireWriter registers(Store.Snapshot tables, List<Wanted> wanted) {
        List<Row> rows = new ArrayList<>();
        int bytes = 0;
        for (Wanted each : wanted) {
            Set<Digest> items = new HashSet<>(each.items());
            for (AcceptedBallot item : tables.registersIn(each.cell())) {
                if (bytes < DigestMessages.MOST_VALUE_BYTES && items.contains(item.digest())) {
                    RegisterRow row = tables.register(item.key());
                    rows.add(new Row(row.key(), row.accepted(), row.value()));
                    bytes += row.value().length;
                }
            }
        }
        return follows().list(rows, (out, row) -> row.write(out));
    }

    private static WireWriter chunks(Store.Snapshot tables, List<Wanted> wanted, long nowMillis) {
        List<Held> held = new ArrayList<>();
        for (Wanted each : wanted) {
            Set<Digest> items = new HashSet<>(each.items());
            for (Reference reference : tables.referencesIn(each.cell())) {
                if (items.contains(Digest.of(reference.chunk(), reference.pin().upload()))) {
                    int size = tables.chunk(reference.chunk())
                            .map(ChunkRow::sizeBytes)
                            .orElse(0);
                    held.add(new Held(reference, size, Math.max(0, nowMillis - reference.sinceMillis())));
                }
            }
        }
        return follows().list(held, (out, each) -> each.write(out));
    }
}
