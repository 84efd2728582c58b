package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.wire.MalformedMessageException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What precedes every message on a connection whose {@link Greeting} is over. All numbers are big-endian.
 *
 * <pre>
 * offset  bytes  what
 *      0      1  type: 1 request, 2 answer, 3 failure
 *      1      3  zero
 *      4      8  call id: chosen by the caller, repeated in the answer
 *     12      4  H, length of the head, 0 to 4 MiB; of a failure 0 to 4 KiB
 *     16      4  B, length of the body, 0 to 64 MiB; on the control lane H + B is at most 4 MiB; of a failure 0
 *     20      4  CRC-32C of the 20 bytes above and the head
 *     24      H  head; of a failure its reason in UTF-8
 *   24+H      B  body: not covered by the checksum, because chunks carry their own
 * </pre>
 *
 * Requests travel from the side that opened the connection, answers and failures to it.
 */
record FrameHeader(Type type, long callId, int headBytes, int bodyBytes, int checksum) {
    static final int BYTES = 24;
    /** Enough for a sentence and the values in it. */
    static final int MAX_REASON_BYTES = 4 << 10;

    private static final int CHECKED_BYTES = 20;

    enum Type {
        REQUEST(1),
        ANSWER(2),
        FAILURE(3);

        private final int code;

        Type(int code) {
            this.code = code;
        }

        private static Type of(int code) {
            return switch (code) {
                case 1 -> REQUEST;
                case 2 -> ANSWER;
                case 3 -> FAILURE;
                default -> throw new MalformedMessageException("frame type " + code + " is none of 1, 2, 3");
            };
        }
    }

    /** Appends the header of a message; its buffers' positions do not move. */
    static void write(ByteBuffer to, Type type, long callId, Message message) {
        int start = to.position();
        to.putInt(type.code << 24)
                .putLong(callId)
                .putInt(message.head().remaining())
                .putInt(message.body().remaining());
        to.putInt(checksum(to.slice(start, CHECKED_BYTES), message.head().duplicate()));
    }

    /**
     * Takes a header from bytes a peer sent. Lengths are checked here, before anybody allocates by them.
     *
     * @throws MalformedMessageException if no such frame may be sent on this lane
     */
    static FrameHeader read(ByteBuffer from, Lane lane) {
        int typeAndZeros = from.getInt();
        if ((typeAndZeros & 0xffffff) != 0) {
            throw new MalformedMessageException("frame begins with 0x" + Integer.toHexString(typeAndZeros));
        }
        FrameHeader header = new FrameHeader(
                Type.of(typeAndZeros >>> 24), from.getLong(), from.getInt(), from.getInt(), from.getInt());
        String misfit = header.misfit(lane);
        if (misfit != null) {
            throw new MalformedMessageException(misfit);
        }
        return header;
    }

    private @Nullable String misfit(Lane lane) {
        if (type == Type.FAILURE) {
            return headBytes < 0 || headBytes > MAX_REASON_BYTES || bodyBytes != 0
                    ? "failure of " + headBytes + " + " + bodyBytes + " bytes, allowed are " + MAX_REASON_BYTES + " + 0"
                    : null;
        }
        return misfit(lane, headBytes, bodyBytes);
    }

    /** Why a message may not travel on a lane; null if it may. */
    static @Nullable String misfit(Lane lane, Message message) {
        return misfit(lane, message.head().remaining(), message.body().remaining());
    }

    private static @Nullable String misfit(Lane lane, int headBytes, int bodyBytes) {
        if (headBytes < 0 || headBytes > Transport.MAX_HEAD_BYTES) {
            return "head of " + headBytes + " bytes, at most " + Transport.MAX_HEAD_BYTES + " are allowed";
        }
        if (bodyBytes < 0 || bodyBytes > Transport.MAX_BODY_BYTES) {
            return "body of " + bodyBytes + " bytes, at most " + Transport.MAX_BODY_BYTES + " are allowed";
        }
        if (lane == Lane.CONTROL && headBytes + bodyBytes > Transport.MAX_CONTROL_BYTES) {
            return "control message of " + (headBytes + bodyBytes) + " bytes, at most " + Transport.MAX_CONTROL_BYTES
                    + " are allowed";
        }
        return null;
    }

    /** @throws MalformedMessageException if header or head are not what was sent */
    void verify(byte[] head) {
        ByteBuffer fields = ByteBuffer.allocate(CHECKED_BYTES)
                .putInt(type.code << 24)
                .putLong(callId)
                .putInt(headBytes)
                .putInt(bodyBytes)
                .flip();
        int actual = checksum(fields, ByteBuffer.wrap(head));
        if (actual != checksum) {
            throw new MalformedMessageException("frame says checksum 0x" + Integer.toHexString(checksum)
                    + ", its bytes have 0x" + Integer.toHexString(actual));
        }
    }

    private static int checksum(ByteBuffer fields, ByteBuffer head) {
        CRC32C sum = new CRC32C();
        sum.update(fields);
        sum.update(head);
        return (int) sum.getValue();
    }
}
