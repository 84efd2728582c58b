package io.keplerfs.swim;

import io.keplerfs.wire.MalformedMessageException;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Puts messages into sealed envelopes and opens those that are for us; all others are counted and dropped. Any thread. */
final class Post {
    private final Seal seal;
    private final Refusals refusals;

    private volatile Optional<UUID> cluster = Optional.empty();

    Post(Seal seal, Refusals refusals) {
        this.seal = seal;
        this.refusals = refusals;
    }

    Optional<UUID> cluster() {
        return cluster;
    }

    void enter(Optional<UUID> newCluster) {
        cluster = newCluster;
    }

    /**
     * A message of the cluster we are in now. Only on the thread that owns the members: what was written of one cluster must
     * never go out in the name of the next.
     */
    Letter write(GossipMessage message) {
        return new Letter(cluster, message);
    }

    byte[] pack(Letter letter) {
        return seal.close(letter.cluster(), GossipCodec.encode(letter.message()));
    }

    /**
     * Whether it is meant for the cluster we are in now. The thread that owns the members has to ask again: a letter may have
     * waited while this node went from one cluster to another, and one old member would be enough to mix them for a day.
     */
    boolean isForUs(Letter letter) {
        Optional<UUID> ours = cluster;
        boolean forUs = letter.crossesClusters()
                || (ours.isPresent() && letter.cluster().equals(ours));
        if (!forUs) {
            refusals.count(Refusal.FOREIGN, letter.message().sender().label(), "it is of cluster " + letter.cluster());
        }
        return forUs;
    }

    /** Null if it is not for us: counted, and logged now and then. */
    @Nullable
    Letter unpack(byte[] envelope, Object from) {
        try {
            Seal.Opened opened = seal.open(envelope);
            Letter letter = new Letter(opened.cluster(), GossipCodec.decode(opened.letter()));
            return isForUs(letter) ? letter : null;
        } catch (RefusedException refused) {
            refusals.count(refused.reason(), from, String.valueOf(refused.getMessage()));
        } catch (MalformedMessageException malformed) {
            refusals.count(Refusal.MALFORMED, from, String.valueOf(malformed.getMessage()));
        }
        return null;
    }

    /** Something that did not even reach the seal, or that has no business where it came. */
    void refuse(Refusal reason, Object from, String detail) {
        refusals.count(reason, from, detail);
    }
}
