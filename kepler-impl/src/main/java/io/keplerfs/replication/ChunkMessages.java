package io.keplerfs.replication;

import io.keplerfs.rpc.Kind;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;

/**
 * The requests about chunks and uploads, and their answers.
 *
 * <pre>
 * pin      u8 kind | chunk | uint size | bool new | pin                -> u8 1 have it, 0 send it, 2 the upload was given up,
 *                                                                            3 pinned, but there is no room for the bytes
 * put      u8 kind | chunk                          body: the bytes    -> u8 0, 3 there is no room
 * get      u8 kind | chunk | uint offset | uint length | bool verify   -> u8 0 here (body: the bytes), 1 missing
 * unpin    u8 kind | uuid upload | bool confirmed only                 -> u8 0
 * confirm  u8 kind | uuid upload                                       -> u8 0
 * pin      uuid upload | text bucket | text key
 * </pre>
 *
 * <p>New bytes are those of an upload that runs; others are copies of what was acknowledged, for which more room is kept.
 */
final class ChunkMessages {
    static final int HERE = 0;
    static final int MISSING = 1;
    static final int NEEDED = 0;
    static final int HAVE = 1;
    static final int GIVEN_UP = 2;
    static final int NO_ROOM = 3;

    private ChunkMessages() {}

    static Message pin(ChunkRef chunk, Pin pin, boolean newBytes) {
        WireWriter out = new WireWriter()
                .u8(Kind.PIN.code())
                .chunk(chunk.id())
                .uint(chunk.sizeBytes())
                .bool(newBytes);
        write(out, pin);
        return Message.of(out.toBuffer());
    }

    static Message put(ChunkId chunk, ByteBuffer bytes) {
        return new Message(
                new WireWriter().u8(Kind.CHUNK_PUT.code()).chunk(chunk).toBuffer(), bytes);
    }

    static Message get(ChunkId chunk, int offset, int length, boolean verify) {
        return Message.of(new WireWriter()
                .u8(Kind.CHUNK_GET.code())
                .chunk(chunk)
                .uint(offset)
                .uint(length)
                .bool(verify)
                .toBuffer());
    }

    static Message unpin(VersionId upload, boolean confirmedOnly) {
        return Message.of(new WireWriter()
                .u8(Kind.UNPIN.code())
                .version(upload)
                .bool(confirmedOnly)
                .toBuffer());
    }

    static Message confirm(VersionId upload) {
        return Message.of(
                new WireWriter().u8(Kind.CONFIRM.code()).version(upload).toBuffer());
    }

    static Message code(int value) {
        return Message.of(new WireWriter().u8(value).toBuffer());
    }

    static void write(WireWriter out, Pin pin) {
        out.version(pin.upload()).text(pin.bucket()).text(pin.key());
    }

    static Pin readPin(WireReader in) {
        return new Pin(in.version(), in.text(), in.text());
    }
}
