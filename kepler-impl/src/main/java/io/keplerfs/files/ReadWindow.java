package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** How many fetched chunks all readers of a node may hold at the same time; bounds the heap. Safe for use by several threads. */
public final class ReadWindow {
    private final Places places;

    public ReadWindow(int chunks) {
        this.places = new Places(chunks);
    }

    /** One more chunk, as soon as it may be held; fails with {@link UnavailableException}. */
    CompletableFuture<@Nullable Void> enter(Loop loop, Duration timeout) {
        return places.take(
                loop,
                timeout,
                () -> new UnavailableException("too many large reads run on this node: no place became free for "
                        + timeout.toMillis() + " ms"));
    }

    /** One more chunk if that is possible at once. */
    boolean tryEnter() {
        return places.tryTake();
    }

    void leave() {
        places.giveBack();
    }
}
