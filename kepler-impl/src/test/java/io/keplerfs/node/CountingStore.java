package io.keplerfs.node;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Counts how often one of some chunks is written to a store. Any thread. */
final class CountingStore {
    private final Store store;
    private final Set<ChunkId> counted;
    private final AtomicLong writes = new AtomicLong();

    /** @param counted the chunks that count; must not change while they are written */
    CountingStore(Store store, Set<ChunkId> counted) {
        this.store = store;
        this.counted = counted;
    }

    NodeId of() {
        return store.nodeId();
    }

    /** The store for the node to use. */
    Store counted() {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, given) -> {
                    if (method.getName().equals("writeChunk") && counted.contains((ChunkId) given[0])) {
                        writes.incrementAndGet();
                    }
                    try {
                        return method.invoke(store, given);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }

    long writes() {
        return writes.get();
    }

    void forget() {
        writes.set(0);
    }

    boolean has(ChunkId chunk) {
        return store.read(tables -> tables.chunk(chunk))
                .join()
                .filter(row -> row.state() == ChunkRow.State.LIVE)
                .isPresent();
    }
}
