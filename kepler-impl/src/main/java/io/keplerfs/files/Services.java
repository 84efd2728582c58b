package io.keplerfs.files;

import io.keplerfs.register.HybridClock;

/**
 * What every bucket of a node shares.
 *
 * @param versions finds versions
 * @param buckets which buckets there are
 * @param writer puts and deletes
 * @param lister pages of listings
 * @param uploads what is under way
 */
record Services(
        VersionReader versions,
        BucketCatalog buckets,
        FileWriter writer,
        Lister lister,
        Uploads uploads,
        Commit commit) {
    static Services of(Node node, HybridClock clock) {
        Owing owing = new Owing(node);
        VersionReader versions = new VersionReader(node, owing);
        BucketCatalog buckets = new BucketCatalog(node, versions);
        Uploads uploads = new Uploads(node, buckets);
        Commit commit = new Commit(node, owing);
        FileWriter writer = new FileWriter(node, versions, buckets, uploads, commit, new FastWrites(node, clock));
        return new Services(versions, buckets, writer, new Lister(node, buckets), uploads, commit);
    }
}
