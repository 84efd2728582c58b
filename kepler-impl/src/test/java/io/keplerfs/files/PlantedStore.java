package io.keplerfs.files;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A store that leaves out one step which protects chunks, to see that the stories about their life notice. */
enum PlantedStore {
    NONE,
    /** A chunk goes to the trash without a last look at its references. */
    COLLECTS_REFERENCED,
    /** References are counted: to drop those of an upload again drops those of another. */
    COUNTS_REFERENCES,
    /** References are never dropped. */
    DROPS_NOTHING,
    /** The trash is emptied whenever somebody looks. */
    KEEPS_NO_TRASH,
    /** A copy in the trash is said to be there, and stays in the trash. */
    TAKES_TRASH_FOR_LIVE;

    Store over(Store store) {
        return this == NONE ? store : proxy(Store.class, (method, given) -> call(store, method, given));
    }

    private interface Call {
        Object call(Method method, Object[] given) throws ReflectiveOperationException;
    }

    private static <T> T proxy(Class<T> type, Call call) {
        InvocationHandler handler = (self, method, given) -> {
            try {
                return call.call(method, given == null ? new Object[0] : given);
            } catch (InvocationTargetException failure) {
                throw failure.getCause();
            }
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    @SuppressWarnings("unchecked")
    private Object call(Store store, Method method, Object[] given) throws ReflectiveOperationException {
        if (method.getName().equals("write")) {
            Function<Store.Transaction, Object> function = (Function<Store.Transaction, Object>) given[0];
            return store.write(tables ->
                    function.apply(proxy(Store.Transaction.class, (inner, values) -> change(tables, inner, values))));
        } else if (method.getName().equals("collect") && this == COLLECTS_REFERENCED) {
            return collectUnseen(store, (List<ChunkId>) given[0]);
        } else if (method.getName().equals("purge") && this == KEEPS_NO_TRASH) {
            return store.purge(Long.MAX_VALUE);
        } else if (method.getName().equals("restore") && this == TAKES_TRASH_FOR_LIVE) {
            return CompletableFuture.completedFuture(true);
        }
        return method.invoke(store, given);
    }

    private static CompletableFuture<Integer> collectUnseen(Store store, List<ChunkId> chunks) {
        CompletableFuture<List<Reference>> references = store.write(tables -> {
            List<Reference> all = chunks.stream()
                    .flatMap(id -> tables.references(id).stream())
                    .toList();
            chunks.forEach(tables::forgetReferences);
            return all;
        });
        return references.thenCompose(all -> store.collect(chunks)
                .thenCompose(collected -> store.write(tables -> {
                    all.forEach(tables::copyReference);
                    return collected;
                })));
    }

    private Object change(Store.Transaction tables, Method method, Object[] given) throws ReflectiveOperationException {
        if (method.getName().equals("unpin") && this == DROPS_NOTHING) {
            return List.of();
        } else if (method.getName().equals("unpin") && this == COUNTS_REFERENCES) {
            dropAnother(tables, (VersionId) given[0]);
        } else if (method.getName().equals("pin") && this == TAKES_TRASH_FOR_LIVE) {
            boolean live = tables.pin((ChunkId) given[0], (Pin) given[1]);
            return live
                    || tables.chunk((ChunkId) given[0])
                            .filter(row -> row.state() == ChunkRow.State.TRASH)
                            .isPresent();
        }
        return method.invoke(tables, given);
    }

    private static void dropAnother(Store.Transaction tables, VersionId upload) {
        List<Reference> own = tables.referencesAfter(null, Integer.MAX_VALUE).stream()
                .filter(reference -> reference.pin().upload().equals(upload))
                .toList();
        if (own.stream().noneMatch(Reference::isLive)) {
            own.stream()
                    .flatMap(dropped -> tables.pins(dropped.chunk()).stream())
                    .forEach(another -> tables.unpin(another.upload()));
        }
    }
}
