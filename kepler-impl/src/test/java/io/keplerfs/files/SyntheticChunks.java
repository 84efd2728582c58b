package io.keplerfs.files;

import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A store that has every chunk named by {@link #id}, with bytes it makes up when they are read, and counts what it is asked for. The
 * references of an upload are a set here; everything else is kept by the store behind it. One thread.
 */
final class SyntheticChunks {
    /** Above what hashes of a test could be. */
    private static final long MARK = 0x5ca1ab1e_5ca1ab1eL;

    final Map<VersionId, Set<ChunkId>> references = new HashMap<>();
    final Set<VersionId> dropped = new HashSet<>();
    /** Calls of the store and of its tables, and references that were changed. */
    long work;
    /** Bytes of chunks that were written. */
    long bytesWritten;
    /** Chunks that were read from, and how many bytes of them. */
    long reads;

    long bytesRead;

    static ChunkId id(long number) {
        return ChunkId.ofHash(ByteBuffer.allocate(ChunkId.BYTES)
                .putLong(number * 0x9e3779b97f4a7c15L)
                .putLong(MARK)
                .putLong(MARK)
                .putLong(number)
                .array());
    }

    private static boolean isSynthetic(ChunkId id) {
        ByteBuffer bytes = ByteBuffer.wrap(id.bytes());
        return bytes.getLong(8) == MARK && bytes.getLong(16) == MARK;
    }

    /** The byte at this offset of the chunk of this number. */
    static byte at(long number, int offset) {
        return (byte) (number * 31 + offset);
    }

    Store over(Store store) {
        return proxy(Store.class, (self, method, arguments) -> {
            work++;
            return switch (method.getName()) {
                case "write" -> {
                    @SuppressWarnings("unchecked") // the type of Store.write
                    Function<Store.Transaction, Object> change = (Function<Store.Transaction, Object>) arguments[0];
                    yield store.write(tables -> change.apply(counted(tables)));
                }
                case "writeChunk" -> {
                    bytesWritten += ((ByteBuffer) arguments[1]).remaining();
                    yield call(store, method, arguments);
                }
                case "readChunk" -> read(store, method, arguments);
                default -> call(store, method, arguments);
            };
        });
    }

    private Object read(Store store, Method method, Object[] arguments) throws Throwable {
        ByteBuffer into = (ByteBuffer) arguments[2];
        reads++;
        bytesRead += into.remaining();
        if (!isSynthetic((ChunkId) arguments[0])) {
            return call(store, method, arguments);
        }
        long number = ByteBuffer.wrap(((ChunkId) arguments[0]).bytes()).getLong(24);
        int begin = into.position();
        for (int offset = (int) arguments[1]; into.hasRemaining(); offset++) {
            into.put(at(number, offset));
        }
        return CompletableFuture.completedFuture(into.position(begin));
    }

    private Store.Transaction counted(Store.Transaction tables) {
        return proxy(Store.Transaction.class, (self, method, arguments) -> {
            work++;
            return switch (method.getName()) {
                case "pin" -> {
                    ChunkId chunk = (ChunkId) arguments[0];
                    Pin pin = (Pin) arguments[1];
                    references
                            .computeIfAbsent(pin.upload(), upload -> new HashSet<>())
                            .add(chunk);
                    yield isSynthetic(chunk) || (boolean) call(tables, method, arguments);
                }
                case "isDropped" -> dropped.contains(arguments[0]);
                case "unpin" -> {
                    VersionId upload = (VersionId) arguments[0];
                    Set<ChunkId> gone = references.getOrDefault(upload, Set.of());
                    references.remove(upload);
                    dropped.add(upload);
                    work += gone.size();
                    call(tables, method, arguments);
                    yield new ArrayList<>(gone);
                }
                default -> call(tables, method, arguments);
            };
        });
    }

    private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** All that is still referenced. */
    List<ChunkId> referenced() {
        return references.values().stream().flatMap(Set::stream).toList();
    }
}
