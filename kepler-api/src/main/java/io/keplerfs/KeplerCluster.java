package io.keplerfs;

import io.keplerfs.values.ChunkId;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The store and what is known of its members: the same interface for a node in this process
 * ({@link KeplerNode#cluster()}) and for a remote client ({@link #connect}). Safe for use by several threads.
 */
public interface KeplerCluster extends AutoCloseable {
    /**
     * A client of the HTTP gateways at these addresses; a call moves on to the next one when a gateway does not answer.
     *
     * @param urls one or more base addresses, comma-separated, such as {@code http://127.0.0.1:3001}
     */
    static KeplerCluster connect(String urls, Credentials credentials) {
        List<URI> gateways = Arrays.stream(urls.split(",", -1))
                .map(String::trim)
                .map(URI::create)
                .toList();
        return KeplerProvider.find().connect(gateways, credentials);
    }

    static KeplerCluster connect(String urls) {
        return connect(urls, Credentials.NONE);
    }

    /**
     * Creates a bucket, or finds that it exists.
     *
     * @param name 3 to 63 of {@code a-z 0-9 . -}, beginning and ending with a letter or digit
     */
    CompletableFuture<Bucket> createBucketAsync(String name);

    default Bucket createBucket(String name) throws KeplerException {
        return Waiting.forResult(createBucketAsync(name));
    }

    /** A handle; does no I/O and does not check that the bucket exists. */
    Bucket bucket(String name);

    /** Every bucket, by name. */
    CompletableFuture<List<BucketInfo>> bucketsAsync();

    default List<BucketInfo> buckets() throws KeplerException {
        return Waiting.forResult(bucketsAsync());
    }

    /**
     * Deletes an empty bucket. A put that runs at the same moment may end in the deleted bucket; it shows again when a bucket
     * of that name is created.
     *
     * <p>Completes with {@link PreconditionFailedException} if it holds files, {@link NotFoundException} if there is none.
     */
    CompletableFuture<Void> deleteBucketAsync(String name);

    default void deleteBucket(String name) throws KeplerException {
        Waiting.forResult(deleteBucketAsync(name));
    }

    /** The cluster as the answering node sees it, with what each reachable member says of its disk. */
    CompletableFuture<ClusterStatus> statusAsync();

    default ClusterStatus status() throws KeplerException {
        return Waiting.forResult(statusAsync());
    }

    /** Every known member, the answering one included. */
    default List<Member> members() throws KeplerException {
        return status().members();
    }

    /** The nodes that own the manifest of this file in the current view, first owner first; the file need not exist. */
    CompletableFuture<List<Member>> ringOwnersAsync(String bucket, String key);

    default List<Member> ringOwners(String bucket, String key) throws KeplerException {
        return Waiting.forResult(ringOwnersAsync(bucket, key));
    }

    /**
     * Ids of the chunks of the current version of a file, in their order; none for a file that lies inside its manifest.
     *
     * <p>Completes with {@link NotFoundException} if there is no such file.
     *
     * @param from place of the first one wanted, from 0
     * @param limit at most so many, 1 to 1000; fewer are the end of the file
     */
    CompletableFuture<List<ChunkId>> chunksAsync(String bucket, String key, long from, int limit);

    default List<ChunkId> chunks(String bucket, String key, long from, int limit) throws KeplerException {
        return Waiting.forResult(chunksAsync(bucket, key, from, limit));
    }

    /** Why a chunk is on the disks of the cluster, or when it goes; the chunk need not exist. */
    CompletableFuture<ChunkReport> chunkAsync(ChunkId id);

    default ChunkReport chunk(ChunkId id) throws KeplerException {
        return Waiting.forResult(chunkAsync(id));
    }

    /**
     * Hears member and view changes from now on; {@link KeplerListener} says on which thread. A remote client looks at its gateway
     * once a second and tells what differs, so that a change that was undone within that second is not heard.
     */
    Subscription onEvent(KeplerListener listener);

    /** The agreed view, and what an operator may change about it. */
    ClusterViews views();

    /** The work that keeps data safe, and what an operator may change about it. */
    ClusterRepair repair();

    /** Ends the client's own resources. Closing the cluster of an embedded node does nothing: close the node. */
    @Override
    void close();
}
