package io.keplerfs;

import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The files that can be read from data directories, and from backups of metadata, without any node: the last resort when the
 * metadata of all nodes is lost. The newest version of each file is the one with the highest ballot in any of the sources; a deleted
 * file is not among them. Every chunk is hashed when it is read, and taken from whichever source has a good copy.
 *
 * <p>Holds the directories against being started meanwhile and changes nothing in them. For one thread at a time; needs some 300
 * bytes of heap per file.
 */
public interface Salvage extends AutoCloseable {
    /**
     * Reads the metadata of all sources.
     *
     * @param sources data directories of stopped nodes, and files written by {@link KeplerNode#backup}; the more the better: what
     *     was written or deleted on a majority only is missing in a minority
     * @throws IOException if a source is neither, or held by a running node
     */
    static Salvage open(List<Path> sources) throws IOException {
        return KeplerProvider.find().salvage(sources);
    }

    /**
     * Makes the directory of a stopped node whose metadata is lost, damaged or too old that of a new member, which keeps its chunks.
     * Started, it joins like one with an empty directory, but what it has need not be sent again.
     *
     * @param progress told how many of 256 parts of the chunks have been read and hashed
     * @throws IOException if a node runs in it, or it is no data directory
     */
    static Renewed renew(Path directory, IntConsumer progress) throws IOException {
        return KeplerProvider.find().renew(directory, progress);
    }

    /**
     * A data directory that was made a new member's.
     *
     * @param from the old id: evict it, nobody answers to it any more
     * @param to the new id
     * @param label of both
     * @param aside where the old metadata, if any, was put
     * @param chunks that were adopted
     * @param chunkBytes together
     */
    record Renewed(NodeId from, NodeId to, String label, Path aside, long chunks, long chunkBytes) {}

    /**
     * Where something was read.
     *
     * @param path as given
     * @param registers values found in it
     * @param notes what is missing or damaged in it
     */
    record Source(Path path, long registers, List<String> notes) {}

    /**
     * What was found.
     *
     * @param buckets that are not deleted, by name
     * @param files in them that are not deleted
     * @param bytes of those files
     * @param deleted files known to be deleted, or in a deleted bucket
     * @param conflicts losing versions that were kept: they are not restored
     * @param overtaken fast writes that were acknowledged and lost against a newer version: they are not restored
     * @param unreadable registers of whose value no copy can be read, by name: not restored; grows when more is found damaged
     * @param sources in the order given
     */
    record Summary(
            List<String> buckets,
            long files,
            long bytes,
            long deleted,
            long conflicts,
            long overtaken,
            List<String> unreadable,
            List<Source> sources) {}

    /** What became of one file. */
    enum Outcome {
        /** It is in the cluster now, under its old version. */
        RESTORED,
        /** The cluster had this very version. */
        THERE,
        /** The cluster has another version of it, which was left alone. */
        OTHER_THERE,
        /** A chunk has no good copy in any source; nothing was changed. */
        INCOMPLETE
    }

    /**
     * @param file as it was
     * @param outcome what became of it
     * @param detail why, where that is not plain
     */
    record Result(FileInfo file, Outcome outcome, String detail) {}

    Summary summary();

    /** Every file that is not deleted, by bucket and key. */
    void forEach(Consumer<FileInfo> consumer) throws IOException;

    /** Reads the whole file and says what is missing; empty if it is whole. Takes as long as reading it. */
    Optional<String> damage(FileInfo file) throws IOException;

    /** The bytes of one file; reading throws {@link CorruptFileException} where a chunk has no good copy. */
    InputStream open(FileInfo file) throws IOException;

    /**
     * Puts every file into a running cluster: content, type, metadata, version and fencing token. Files that are there are left
     * alone, so it may be repeated. Times of modification become those of the restoring.
     *
     * @param cluster should be a new one
     * @param listener told of each file, in their order
     * @throws KeplerException if the cluster does not take them: repeat it later
     */
    void restoreInto(KeplerCluster cluster, Consumer<Result> listener) throws IOException;

    /** Lets go of the directories. */
    @Override
    void close() throws IOException;
}
