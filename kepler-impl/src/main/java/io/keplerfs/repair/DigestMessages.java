package io.keplerfs.repair;

import io.keplerfs.rpc.Kind;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What two owners say to each other when they compare. Only partitions that both own in the view of that stage, which must
 * stand alone, may be named.
 *
 * <pre>
 * request     u8 kind | u8 question | long stage | rest
 * answer      u8 0 and the rest, or u8 1: that stage does not stand here
 *
 * 0 roots     uint from | uint to | sums of registers | sums of chunks     those of the asker, zeros left out
 *   answer    list of uint partition (registers) | list of uint partition (chunks)     that differ
 * 1 cells     u8 digest kind | list of uint partition, at most 64
 *   answer    for each partition: long which of the 64 are not zero, bit 0 = cell 0 | those, by number
 * 2 items     u8 digest kind | list of uint cell, at most 256 | digest after
 *   answer    list of (list of digest, ascending) | bool partial
 *             of the first cell only those above "after"; if partial, the last cell has more
 * 3 registers list of wanted
 *   answer    list of (register | ballot accepted | bytes value), some of those that are still there
 * 4 chunks    list of wanted
 *   answer    list of (chunk | uint size | reference | long age of its state in ms)
 *
 * sums        list of (uint partition, digest)
 * wanted      uint cell | list of digest; at most 200 digests in all
 * digest      16 bytes
 * </pre>
 */
final class DigestMessages {
    static final int ROOTS = 0;
    static final int CELLS = 1;
    static final int ITEMS = 2;
    static final int REGISTERS = 3;
    static final int CHUNKS = 4;

    static final int FOLLOWS = 0;
    static final int OTHER_STAGE = 1;

    /** Partitions whose roots are in one message: 140 KB of both kinds. */
    static final int RANGE = 4_096;
    /** 64 KB of sums. */
    static final int MOST_PARTITIONS = 64;

    static final int MOST_CELLS = 256;
    /** 256 KB; a cell of more takes several messages. */
    static final int MOST_ITEMS = 16_384;
    /** Rows of one answer: a moment of the asker's disk. */
    static final int MOST_WANTED = 200;
    /** An answer ends after so many bytes of values. */
    static final int MOST_VALUE_BYTES = 1 << 20;

    private DigestMessages() {}

    record Roots(int from, int to, SortedMap<Integer, Digest> registers, SortedMap<Integer, Digest> chunks) {
        Roots {
            if (from < 0 || to < from || to > DigestCell.PARTITIONS || to - from > RANGE) {
                throw new IllegalArgumentException("roots of partitions " + from + " to " + to);
            }
        }

        void write(WireWriter out) {
            out.uint(from).uint(to);
            writeSums(out, registers);
            writeSums(out, chunks);
        }

        static Roots read(WireReader in) {
            return in.value(() -> new Roots(in.uint(), in.uint(), readSums(in), readSums(in)));
        }
    }

    /** Partitions that differ. */
    record Differing(List<Integer> registers, List<Integer> chunks) {
        void write(WireWriter out) {
            out.list(registers, WireWriter::uint).list(chunks, WireWriter::uint);
        }

        static Differing read(WireReader in) {
            return new Differing(in.list(WireReader::uint), in.list(WireReader::uint));
        }
    }

    record Items(List<List<Digest>> cells, boolean partial) {
        void write(WireWriter out) {
            out.list(cells, (writer, cell) -> writer.list(cell, DigestMessages::write))
                    .bool(partial);
        }

        static Items read(WireReader in) {
            return new Items(in.list(reader -> reader.list(DigestMessages::digest)), in.bool());
        }
    }

    record Wanted(DigestCell cell, List<Digest> items) {
        void write(WireWriter out) {
            out.uint(cell.index()).list(items, DigestMessages::write);
        }

        static Wanted read(WireReader in, DigestKind kind) {
            return new Wanted(readCell(in, kind), in.list(DigestMessages::digest));
        }
    }

    record Row(RegisterKey key, Ballot accepted, byte[] value) {
        void write(WireWriter out) {
            out.register(key).ballot(accepted).bytes(value);
        }

        static Row read(WireReader in) {
            return new Row(in.register(), in.ballot(), in.bytes());
        }

        Digest digest() {
            return Digest.of(key, accepted);
        }
    }

    record Held(Reference reference, int sizeBytes, long ageMillis) {
        void write(WireWriter out) {
            out.chunk(reference.chunk()).uint(sizeBytes);
            HeldChunks.write(out, reference);
            out.int64(ageMillis);
        }

        static Held read(WireReader in) {
            ChunkId chunk = in.chunk();
            int size = in.uint();
            return new Held(HeldChunks.readReference(in, chunk), size, in.int64());
        }

        Digest digest() {
            return Digest.of(reference.chunk(), reference.pin().upload());
        }
    }

    static WireWriter question(int question, long stage) {
        return new WireWriter().u8(Kind.COMPARE.code()).u8(question).int64(stage);
    }

    static Message otherStage() {
        return Message.of(new WireWriter().u8(OTHER_STAGE).toBuffer());
    }

    static void write(WireWriter out, Digest digest) {
        out.int64(digest.high()).int64(digest.low());
    }

    static Digest digest(WireReader in) {
        return new Digest(in.int64(), in.int64());
    }

    static DigestCell readCell(WireReader in, DigestKind kind) {
        return in.value(() -> DigestCell.at(kind, in.uint()));
    }

    static int partition(WireReader in) {
        int partition = in.uint();
        if (partition >= DigestCell.PARTITIONS) {
            throw new MalformedMessageException("no partition " + partition);
        }
        return partition;
    }

    private static void writeSums(WireWriter out, SortedMap<Integer, Digest> sums) {
        out.list(List.copyOf(sums.entrySet()), (writer, sum) -> {
            writer.uint(sum.getKey());
            write(writer, sum.getValue());
        });
    }

    private static SortedMap<Integer, Digest> readSums(WireReader in) {
        SortedMap<Integer, Digest> sums = new TreeMap<>();
        in.list(reader -> Map.entry(partition(reader), digest(reader)))
                .forEach(sum -> sums.put(sum.getKey(), sum.getValue()));
        return sums;
    }

    static void writeCells(WireWriter out, List<Digest> cells) {
        long present = 0;
        for (int number = 0; number < cells.size(); number++) {
            present |= cells.get(number).isZero() ? 0 : 1L << number;
        }
        out.int64(present);
        cells.stream().filter(cell -> !cell.isZero()).forEach(cell -> write(out, cell));
    }

    static List<Digest> readCells(WireReader in) {
        long present = in.int64();
        Digest[] cells = new Digest[DigestCell.PER_PARTITION];
        for (int number = 0; number < cells.length; number++) {
            cells[number] = (present >>> number & 1) == 1 ? digest(in) : Digest.ZERO;
        }
        return List.of(cells);
    }
}
