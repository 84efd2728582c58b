package io.keplerfs.disk;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The column {@code chunks.crc}: the CRC-32C of each 64 KiB piece of a chunk in order, 4 bytes big-endian each; the last piece
 * may be shorter, an empty chunk has none.
 *
 * <pre>
 * byte 0        4        8             4 * ceil(size / 65536)
 *      | piece 0 | piece 1 | ... |
 * </pre>
 */
final class PieceSums {
    static final int PIECE_BYTES = 64 * 1024;

    private final byte[] encoded;

    /** @param encoded the column, as read */
    PieceSums(byte[] encoded) {
        this.encoded = encoded;
    }

    /** Of the bytes between position and limit; the position does not move. */
    static PieceSums of(ByteBuffer bytes) {
        int pieces = pieces(bytes.remaining());
        ByteBuffer encoded = ByteBuffer.allocate(pieces * Integer.BYTES);
        for (int piece = 0; piece < pieces; piece++) {
            int from = piece * PIECE_BYTES;
            encoded.putInt(sum(bytes.slice(bytes.position() + from, Math.min(PIECE_BYTES, bytes.remaining() - from))));
        }
        return new PieceSums(encoded.array());
    }

    static int pieces(int sizeBytes) {
        return (int) (((long) sizeBytes + PIECE_BYTES - 1) / PIECE_BYTES);
    }

    /** Whether the bytes between position and limit are that piece; false too if this column is damaged. */
    boolean match(int piece, ByteBuffer bytes) {
        int at = piece * Integer.BYTES;
        return at + Integer.BYTES <= encoded.length && ByteBuffer.wrap(encoded).getInt(at) == sum(bytes.duplicate());
    }

    byte[] encoded() {
        return encoded;
    }

    private static int sum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
