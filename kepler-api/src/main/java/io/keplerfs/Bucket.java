package io.keplerfs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;

/**
 * Named files. A handle: making one does no I/O, and the bucket may not exist until a call says so with
 * {@link NotFoundException}. Safe for use by several threads.
 *
 * <p>Keys are 1 to 1024 bytes of UTF-8 of any characters; {@code ..} and {@code //} are just characters of a name.
 *
 * <p>Blocking calls run on the caller's thread. They throw {@link KeplerException}; a plain {@link IOException} comes only
 * from the caller's own stream, file or channel. Async twins complete exceptionally with the same types, on a thread of the
 * library that must not be blocked.
 */
public interface Bucket {
    String name();

    /**
     * Writes a file of unknown length. The stream is read to its end and not closed. If reading it throws, nothing becomes
     * visible and what was stored is dropped.
     *
     * @return the new version with its receipt, once it is as durable as asked for
     * @throws IndeterminateException if it was sent and may still appear
     */
    FileInfo put(String key, InputStream content, PutOptions options) throws IOException;

    /** Twin of {@link #put(String, InputStream, PutOptions)}; the stream is read on a worker thread of the library. */
    CompletableFuture<FileInfo> putAsync(String key, InputStream content, PutOptions options);

    /** Writes a file from memory; the array must not change until the future is done. */
    CompletableFuture<FileInfo> putAsync(String key, byte[] content, PutOptions options);

    /** Twin of {@link #putAsync(String, byte[], PutOptions)}. */
    default FileInfo put(String key, byte[] content, PutOptions options) throws KeplerException {
        return Waiting.forResult(putAsync(key, content, options));
    }

    default FileInfo put(String key, byte[] content) throws KeplerException {
        return put(key, content, PutOptions.defaults());
    }

    default FileInfo put(String key, InputStream content) throws IOException {
        return put(key, content, PutOptions.defaults());
    }

    default FileInfo put(String key, Path file) throws IOException {
        return put(key, file, PutOptions.defaults());
    }

    default FileInfo put(String key, Path file, PutOptions options) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return put(key, content, options);
        }
    }

    /** The channel must be in blocking mode; it is read to its end and not closed. */
    default FileInfo put(String key, ReadableByteChannel content, PutOptions options) throws IOException {
        return put(key, Channels.newInputStream(content), options);
    }

    /** The newest version, held for reading. */
    CompletableFuture<FileSnapshot> snapshotAsync(String key, GetOptions options);

    /**
     * Twin of {@link #snapshotAsync}.
     *
     * @throws NotFoundException if there is no such file
     */
    default FileSnapshot snapshot(String key, GetOptions options) throws KeplerException {
        return Waiting.forResult(snapshotAsync(key, options));
    }

    default InputStream open(String key) throws KeplerException {
        return open(key, GetOptions.defaults());
    }

    /** The whole file as a stream; see {@link FileSnapshot#stream} for what reading it may throw. */
    default InputStream open(String key, GetOptions options) throws KeplerException {
        return snapshot(key, options).stream();
    }

    /** What is known of the file, without its bytes. */
    default CompletableFuture<FileInfo> headAsync(String key, GetOptions options) {
        return snapshotAsync(key, options).thenApply(FileSnapshot::info);
    }

    default FileInfo head(String key, GetOptions options) throws KeplerException {
        return Waiting.forResult(headAsync(key, options));
    }

    default FileInfo head(String key) throws KeplerException {
        return head(key, GetOptions.defaults());
    }

    /**
     * Deletes a file; it never comes back.
     *
     * @return whether there was one. Deleting what is not there succeeds, unless a condition was given
     */
    CompletableFuture<Boolean> deleteAsync(String key, DeleteOptions options);

    default boolean delete(String key, DeleteOptions options) throws KeplerException {
        return Waiting.forResult(deleteAsync(key, options));
    }

    default boolean delete(String key) throws KeplerException {
        return delete(key, DeleteOptions.defaults());
    }

    /** One page; contains every key acknowledged before the call began. */
    CompletableFuture<ListPage> listAsync(ListOptions options);

    default ListPage list(ListOptions options) throws KeplerException {
        return Waiting.forResult(listAsync(options));
    }

    /** Every file with the prefix; pages are fetched as the iteration goes, failures come as UncheckedIOException. */
    default Iterable<FileInfo> list(String prefix) {
        return () -> new PageIterator(this, ListOptions.prefix(prefix));
    }

    /** Versions that lost against another one because of {@link Durability#FAST}, and are kept for a while. */
    Conflicts conflicts();

    /** As {@link #list(String)} for any options; common prefixes are left out. */
    default Iterator<FileInfo> iterate(ListOptions options) {
        return new PageIterator(this, options);
    }
}
