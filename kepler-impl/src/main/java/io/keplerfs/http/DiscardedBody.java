package io.keplerfs.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;

/** The body of a call that has none: a little is read and dropped, so that the connection can serve on. */
final class DiscardedBody implements RequestBody {
    private final int limit;
    private final Runnable complete;
    private int dropped;

    DiscardedBody(int limit, Runnable complete) {
        this.limit = limit;
        this.complete = complete;
    }

    @Override
    public void accept(ByteBuf bytes) throws Refusal {
        dropped += bytes.readableBytes();
        if (dropped > limit) {
            throw new Refusal(Problem.tooLarge(
                    HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
                    "this call takes no body, and more than " + limit + " bytes came; send none"));
        }
    }

    @Override
    public void end() {
        complete.run();
    }

    @Override
    public void fail(IOException reason) {
        // Nothing was begun.
    }
}
