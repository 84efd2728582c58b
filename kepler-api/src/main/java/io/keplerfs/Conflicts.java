package io.keplerfs;

import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;

/**
 * The versions of a bucket's files that lost a conflict: acknowledged by one side, replaced or refused because the other side's
 * was newer, and neither writer knew of the other. A handle; threads and failures as in {@link Bucket}.
 *
 * <p>They are stored as durably as files and read with a quorum. Each ends when it is {@linkplain #drop dropped} or its time is
 * over; its bytes are given back then.
 */
public interface Conflicts {
    /**
     * One page. Prefix, limit and after are heeded; a delimiter is refused, and so is {@link Consistency#LOCAL}.
     *
     * @param options {@link ListOptions#after()} must be the {@link ConflictPage#next()} of the page before
     */
    CompletableFuture<ConflictPage> listAsync(ListOptions options);

    default ConflictPage list(ListOptions options) throws KeplerException {
        return Waiting.forResult(listAsync(options));
    }

    /** The first page of all. */
    default ConflictPage list() throws KeplerException {
        return list(ListOptions.prefix(""));
    }

    /** The losing version, held for reading; {@link NotFoundException} if there is no such conflict. */
    CompletableFuture<FileSnapshot> snapshotAsync(String key, VersionId loser, GetOptions options);

    default FileSnapshot snapshot(String key, VersionId loser, GetOptions options) throws KeplerException {
        return Waiting.forResult(snapshotAsync(key, loser, options));
    }

    /**
     * Gives the losing version up.
     *
     * @return whether there was such a conflict
     */
    CompletableFuture<Boolean> dropAsync(String key, VersionId loser);

    default boolean drop(String key, VersionId loser) throws KeplerException {
        return Waiting.forResult(dropAsync(key, loser));
    }

    /**
     * Writes the losing version's content again as a new version of its file, and then drops the conflict. Should it fail half
     * way, the conflict is still there.
     *
     * @param into the bucket these are the conflicts of
     * @param options durability and condition of the new version; its content type and metadata are those of the loser
     */
    default FileInfo promote(Bucket into, Conflict conflict, PutOptions options) throws IOException {
        FileInfo loser = conflict.loser();
        PutOptions.Builder as = options.toBuilder().contentType(loser.contentType());
        loser.metadata().forEach(as::metadata);
        FileInfo promoted;
        try (InputStream content = snapshot(loser.key(), loser.version(), GetOptions.defaults()).stream()) {
            promoted = into.put(loser.key(), content, as.build());
        }
        drop(loser.key(), loser.version());
        return promoted;
    }
}
