package io.keplerfs.node;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A part that is built after those that refer to it; it must be set before any of them is used. Any thread. */
final class Later<T> implements Supplier<T> {
    private volatile @Nullable T part;

    void set(T built) {
        part = built;
    }

    @Override
    public T get() {
        T built = part;
        if (built == null) {
            throw new IllegalStateException("a part of the node is used before the node has been built");
        }
        return built;
    }
}
