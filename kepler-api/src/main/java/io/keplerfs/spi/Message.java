package io.keplerfs.spi;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * What travels: a small encoded head and an optional bulk body that is never copied into the head.
 *
 * @param head at most {@link Transport#MAX_HEAD_BYTES} between position and limit; its first byte is the message kind
 * @param body at most {@link Transport#MAX_BODY_BYTES} between position and limit; heap buffer; empty for most messages
 */
public record Message(ByteBuffer head, ByteBuffer body) {
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    public Message {
        Objects.requireNonNull(head, "head");
        Objects.requireNonNull(body, "body");
    }

    public static Message of(ByteBuffer head) {
        return new Message(head, EMPTY);
    }
}
