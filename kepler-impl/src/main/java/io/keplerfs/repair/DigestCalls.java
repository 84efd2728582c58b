package io.keplerfs.repair;

import io.keplerfs.repair.DigestMessages.Differing;
import io.keplerfs.repair.DigestMessages.Held;
import io.keplerfs.repair.DigestMessages.Items;
import io.keplerfs.repair.DigestMessages.Roots;
import io.keplerfs.repair.DigestMessages.Row;
import io.keplerfs.repair.DigestMessages.Wanted;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Asks one owner in one stage, and counts the bytes. Any thread. Fails with {@link CutShortException} in another stage. */
final class DigestCalls {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Rpc rpc;
    private final NodeId peer;
    private final long stage;
    private final AtomicLong bytes = new AtomicLong();

    DigestCalls(Rpc rpc, NodeId peer, long stage) {
        this.rpc = rpc;
        this.peer = peer;
        this.stage = stage;
    }

    /** Heads of requests and answers so far. */
    long bytes() {
        return bytes.get();
    }

    CompletableFuture<Differing> roots(Roots mine) {
        WireWriter out = DigestMessages.question(DigestMessages.ROOTS, stage);
        mine.write(out);
        return ask(out, Differing::read);
    }

    CompletableFuture<List<List<Digest>>> cells(DigestKind kind, List<Integer> partitions) {
        WireWriter out = DigestMessages.question(DigestMessages.CELLS, stage)
                .u8(kind.code())
                .list(partitions, WireWriter::uint);
        return ask(out, in -> {
            List<List<Digest>> cells = new ArrayList<>();
            partitions.forEach(partition -> cells.add(DigestMessages.readCells(in)));
            return cells;
        });
    }

    CompletableFuture<Items> items(DigestKind kind, List<DigestCell> cells, Digest after) {
        WireWriter out = DigestMessages.question(DigestMessages.ITEMS, stage)
                .u8(kind.code())
                .list(cells, (writer, cell) -> writer.uint(cell.index()));
        DigestMessages.write(out, after);
        return ask(out, in -> {
            Items items = Items.read(in);
            boolean advances = !items.cells().isEmpty() && items.cells().size() <= cells.size();
            if (!advances
                    || (items.partial()
                            && items.cells().get(items.cells().size() - 1).isEmpty())) {
                throw new MalformedMessageException("an answer about other cells than were asked for");
            }
            return items;
        });
    }

    CompletableFuture<List<Row>> registers(List<Wanted> wanted) {
        return rows(DigestMessages.REGISTERS, wanted, Row::read);
    }

    CompletableFuture<List<Held>> chunks(List<Wanted> wanted) {
        return rows(DigestMessages.CHUNKS, wanted, Held::read);
    }

    private <T> CompletableFuture<List<T>> rows(int question, List<Wanted> wanted, Function<WireReader, T> row) {
        WireWriter out = DigestMessages.question(question, stage).list(wanted, (writer, each) -> each.write(writer));
        return ask(out, in -> in.list(row));
    }

    private <T> CompletableFuture<T> ask(WireWriter question, Function<WireReader, T> answer) {
        ByteBuffer head = question.toBuffer();
        bytes.addAndGet(head.remaining());
        return rpc.call(peer, Lane.CONTROL, Message.of(head), TIMEOUT).thenApply(message -> {
            bytes.addAndGet(message.head().remaining());
            WireReader in = new WireReader(message.head());
            if (in.u8() == DigestMessages.OTHER_STAGE) {
                throw new CutShortException(peer + " is not in stage " + stage);
            }
            T read = answer.apply(in);
            in.end();
            return read;
        });
    }
}
