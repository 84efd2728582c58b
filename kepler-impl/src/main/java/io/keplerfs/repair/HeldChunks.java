package io.keplerfs.repair;

import io.keplerfs.rpc.Kind;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.values.ChunkId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.List;
import java.util.Optional;

/**
 * What one node holds of some chunks, and for whom.
 *
 * <pre>
 * request    u8 kind | bool verify | list of chunk
 * answer     long epoch | list of held, in the order of the request
 * held       u8 copy: 0 none, 1 LIVE, 2 TRASH, 3 QUARANTINE | long unreferenced since, 0 if it has a reference | list of reference
 * reference  uuid upload | text bucket | text key | u8 state: 0 INTENT, 1 REF, 2 DROPPED | long since
 * </pre>
 *
 * @param epoch of the view up to which this node has read the references of the owners before it, 0 for none
 * @param chunks in the order they were asked for
 */
record HeldChunks(long epoch, List<Held> chunks) {
    /** Chunks of one request. */
    static final int MOST = 200;

    /** In the order of their numbers, from 1. */
    private static final List<ChunkRow.State> COPIES =
            List.of(ChunkRow.State.LIVE, ChunkRow.State.TRASH, ChunkRow.State.QUARANTINE);

    /** In the order of their numbers, from 0. */
    private static final List<Reference.State> STATES =
            List.of(Reference.State.INTENT, Reference.State.REF, Reference.State.DROPPED);

    /**
     * @param copy state of its copy, empty if there is none; LIVE after a request to verify means that its hash was right just now
     * @param unreferencedSinceMillis 0 if it has a live reference
     * @param references dropped ones included
     */
    record Held(Optional<ChunkRow.State> copy, long unreferencedSinceMillis, List<Reference> references) {
        boolean isLive() {
            return copy.filter(state -> state == ChunkRow.State.LIVE).isPresent();
        }

        boolean isNeeded() {
            return references.stream().anyMatch(Reference::isLive);
        }

        boolean knows(Pin pin) {
            return references.stream()
                    .anyMatch(reference -> reference.pin().upload().equals(pin.upload()));
        }

        private void write(WireWriter out) {
            out.u8(copy.map(state -> COPIES.indexOf(state) + 1).orElse(0)).int64(unreferencedSinceMillis);
            out.list(references, HeldChunks::write);
        }

        private static Held read(WireReader in, ChunkId chunk) {
            int copy = in.u8();
            long since = in.int64();
            return new Held(
                    copy == 0 ? Optional.empty() : Optional.of(constant(COPIES, copy - 1)),
                    since,
                    in.list(reader -> readReference(reader, chunk)));
        }
    }

    static WireWriter request(List<ChunkId> chunks, boolean verify) {
        return new WireWriter().u8(Kind.CHUNK_HELD.code()).bool(verify).list(chunks, WireWriter::chunk);
    }

    void write(WireWriter out) {
        out.int64(epoch).list(chunks, (writer, held) -> held.write(writer));
    }

    static HeldChunks read(WireReader in, List<ChunkId> asked) {
        long epoch = in.int64();
        int[] at = {0};
        List<Held> held = in.list(reader -> {
            if (at[0] >= asked.size()) {
                throw new MalformedMessageException("more chunks than were asked for");
            }
            return Held.read(reader, asked.get(at[0]++));
        });
        in.end();
        if (held.size() != asked.size()) {
            throw new MalformedMessageException(held.size() + " chunks instead of " + asked.size());
        }
        return new HeldChunks(epoch, held);
    }

    static void write(WireWriter out, Reference reference) {
        Pin pin = reference.pin();
        out.version(pin.upload()).text(pin.bucket()).text(pin.key());
        out.u8(STATES.indexOf(reference.state())).int64(reference.sinceMillis());
    }

    static Reference readReference(WireReader in, ChunkId chunk) {
        Pin pin = new Pin(in.version(), in.text(), in.text());
        return new Reference(chunk, pin, constant(STATES, in.u8()), in.int64());
    }

    private static <E> E constant(List<E> constants, int at) {
        if (at >= constants.size()) {
            throw new MalformedMessageException("no state has the number " + at);
        }
        return constants.get(at);
    }
}
