package io.keplerfs.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/** Takes the body of one request. Called on the connection's event loop, which it never blocks. */
interface RequestBody {
    /** The bytes stay the caller's; retain what is kept. */
    void accept(ByteBuf bytes) throws Refusal;

    /** The body is complete. */
    void end();

    /** The body will never be complete. Harmless after {@link #end}. */
    void fail(IOException reason);

    /** True while no more is wanted; the body itself then asks for more when there is room. */
    default boolean full() {
        return false;
    }
}
