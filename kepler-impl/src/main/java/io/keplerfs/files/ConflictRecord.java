package io.keplerfs.files;

import io.keplerfs.Conflict;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Instant;
import java.util.List;

/**
 * The losing version of a conflict as a register of its own keeps it: in the reserved bucket {@code $conflicts}, of
 * {@value #SHARDS} shards, under the key {@code bucket/key/version of the loser}. Its register makes it as durable as a file; the
 * {@linkplain Manifest#upload upload} its manifest names is an owner of references like that of any visible version.
 *
 * <pre>
 * u8 format = 1 | uuid winner | long detected, ms since 1970 | rest: register value of the loser, without ancestors
 * </pre>
 *
 * @param winner the version that was visible instead
 * @param detectedMillis by the clock of the node that found it
 * @param loser not a tombstone
 */
record ConflictRecord(VersionId winner, long detectedMillis, RegisterValue loser) {
    static final String CONFLICTS = "$conflicts";
    /** Spreads them over sets of owners like the files of one bucket. */
    static final int SHARDS = 16;

    private static final int FORMAT = 1;
    private static final BucketRecord SHARDING = new BucketRecord(0, SHARDS);
    private static final int VERSION_CHARACTERS = 32;

    ConflictRecord {
        loser = new RegisterValue(loser.id(), loser.time(), List.of(), 0, loser.absent(), loser.payload());
    }

    /** Where the conflict about this version of the file is, or would be. */
    static RegisterKey registerOf(RegisterKey file, VersionId loser) {
        return registerOf(file.bucket(), file.key(), loser);
    }

    static RegisterKey registerOf(String bucket, String key, VersionId loser) {
        return SHARDING.registerOf(CONFLICTS, prefixOf(bucket) + key + "/" + loser);
    }

    /** What the keys of all conflicts of a bucket begin with: bucket names have no slash. */
    static String prefixOf(String bucket) {
        return bucket + "/";
    }

    /** Bucket and key of the file, from a key of this bucket; the shard is not known here. */
    static RegisterKey fileOf(String conflictKey) {
        int slash = conflictKey.indexOf('/');
        int end = conflictKey.length() - VERSION_CHARACTERS - 1;
        if (slash < 0 || end <= slash) {
            throw new MalformedMessageException("no key of a conflict: '" + conflictKey + "'");
        }
        return new RegisterKey(conflictKey.substring(0, slash), 0, conflictKey.substring(slash + 1, end));
    }

    byte[] toBytes() {
        return new WireWriter()
                .u8(FORMAT)
                .version(winner)
                .int64(detectedMillis)
                .raw(loser.encode())
                .toBytes();
    }

    static ConflictRecord fromBytes(byte[] bytes) {
        WireReader in = new WireReader(bytes);
        int format = in.u8();
        if (format != FORMAT) {
            throw new MalformedMessageException("conflict record format " + format + ", this version reads " + FORMAT);
        }
        return new ConflictRecord(in.version(), in.int64(), RegisterValue.decode(in.raw(in.remaining())));
    }

    Manifest manifest() {
        return Manifest.of(loser);
    }

    Conflict describe(RegisterKey file) {
        return new Conflict(manifest().info(file, loser), winner, Instant.ofEpochMilli(detectedMillis));
    }
}
