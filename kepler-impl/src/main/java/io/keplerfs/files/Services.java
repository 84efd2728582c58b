package io.keplerfs.files;

import io.keplerfs.KeplerEvent;
import io.keplerfs.register.HybridClock;
import java.util.function.Consumer;

/**
 * What every bucket of a node shares.
 *
 * @param versions finds versions
 * @param buckets which buckets there are
 * @param writer puts and deletes
 * @param lister pages of listings
 * @param uploads what is under way
 * @param commit makes a version the newest
 * @param fast fast writes and their delivery
 * @param claimed who needs an upload
 * @param needed which chunks versions need
 * @param workerUploads how many uploads may read their streams on this node's own threads
 * @param losers the losing versions of conflicts
 */
record Services(
        VersionReader versions,
        BucketCatalog buckets,
        FileWriter writer,
        Lister lister,
        Uploads uploads,
        Commit commit,
        FastWrites fast,
        Claimed claimed,
        Needed needed,
        Places workerUploads,
        Losers losers) {
    /** As many as transfers that the gateway serves at a time. */
    private static final int MOST_WORKER_UPLOADS = 64;

    static Services of(Node node, HybridClock clock, Consumer<KeplerEvent> events) {
        Owing owing = new Owing(node);
        SeenVersions seen = new SeenVersions();
        VersionReader versions = new VersionReader(node, owing, seen);
        BucketCatalog buckets = new BucketCatalog(node, versions);
        Commit commit = new Commit(node, owing);
        Losers losers = new Losers(node, versions, buckets, commit, events);
        FastWrites fast = new FastWrites(node, clock, losers, seen);
        Claimed.Elsewhere kept = (key, upload) -> losers.keeps(key.bucket(), key.key(), upload);
        Claimed claimed = new Claimed(node, buckets, kept);
        Uploads uploads = new Uploads(node, buckets, clock, kept);
        FileWriter writer = new FileWriter(node, versions, buckets, uploads, commit, fast);
        return new Services(
                versions,
                buckets,
                writer,
                new Lister(node, buckets),
                uploads,
                commit,
                fast,
                claimed,
                new Needed(node, versions, claimed),
                new Places(MOST_WORKER_UPLOADS),
                losers);
    }

    /** Begins to look after what earlier runs left: uploads without an end, fast writes without delivery. On the loop, once. */
    void start() {
        uploads.start();
        fast.start();
        losers.start();
    }
}
