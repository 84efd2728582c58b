package io.keplerfs;

import java.time.Duration;
import java.util.Optional;

/** The lock file: read linearizably, changed only on condition that nobody else has changed it. Any thread; calls block. */
record LeaseFile(Bucket bucket, String key, Duration timeout) {
    private static final byte[] EMPTY = {};

    /** A cluster that is silent for longer than half of the ttl is no help in keeping a lease. */
    static LeaseFile of(Bucket bucket, String key, Duration ttl) {
        Duration half = ttl.dividedBy(2);
        return new LeaseFile(
                bucket, key, half.compareTo(PutOptions.DEFAULT_TIMEOUT) < 0 ? half : PutOptions.DEFAULT_TIMEOUT);
    }

    Optional<FileInfo> read() throws KeplerException {
        try {
            return Optional.of(bucket.head(key, GetOptions.defaults().withTimeout(timeout)));
        } catch (NotFoundException missing) {
            // A missing bucket is told at the put that follows.
            return Optional.empty();
        }
    }

    /**
     * Creates it, held by nobody. The numbers go on where a deleted lock file has left off: its fencing token outlives it.
     *
     * @return false if somebody else was faster
     */
    boolean create(Duration ttl, String owner) throws KeplerException {
        long last = 0;
        for (int attempt = 0; attempt < 2; attempt++) {
            LeaseRecord free = new LeaseRecord(last, ttl, owner, Optional.empty());
            try {
                bucket.put(key, EMPTY, options(free).onlyIfAbsent().build());
                return true;
            } catch (PreconditionFailedException refused) {
                if (refused.storedToken().isEmpty() || refused.storedToken().getAsLong() <= last) {
                    return false;
                }
                last = refused.storedToken().getAsLong();
            }
        }
        return false;
    }

    /** Replaces the version with this etag. */
    FileInfo replace(String etag, LeaseRecord record) throws KeplerException {
        return bucket.put(key, EMPTY, options(record).ifMatch(etag).build());
    }

    private PutOptions.Builder options(LeaseRecord record) {
        PutOptions.Builder options =
                PutOptions.builder().fencingToken(record.token()).timeout(timeout);
        record.toMetadata().forEach(options::metadata);
        return options;
    }

    @Override
    public String toString() {
        return bucket.name() + "/" + key;
    }
}
