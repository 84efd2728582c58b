package io.keplerfs.swim;

import io.keplerfs.wire.MalformedMessageException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts messages into sealed envelopes and opens those that are for us; all others are counted and dropped. Any thread. */
final class Post {
    private static final Logger LOG = LoggerFactory.getLogger(Post.class);

    private final Seal seal;
    private final Counters counters;

    /** One line is enough: who floods the port must not flood the log. The counter tells the rest. */
    private final AtomicBoolean warnedOfSeal = new AtomicBoolean();

    private volatile Optional<UUID> cluster = Optional.empty();

    Post(Seal seal, Counters counters) {
        this.seal = seal;
        this.counters = counters;
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
        return seal.close(GossipCodec.encode(letter));
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
            counters.foreign.increment();
        }
        return forUs;
    }

    /** Null if it is not for us. */
    @Nullable
    Letter unpack(byte[] envelope, Object from) {
        try {
            Letter letter = GossipCodec.decode(seal.open(envelope));
            return isForUs(letter) ? letter : null;
        } catch (Seal.BrokenSealException broken) {
            counters.brokenSeals.increment();
            if (warnedOfSeal.compareAndSet(false, true)) {
                LOG.warn(
                        "gossip from {} was refused: {}. If it is a node of this cluster, give it the same CLUSTER_SECRET."
                                + " Further refusals are only counted.",
                        from,
                        broken.getMessage());
            }
        } catch (MalformedMessageException malformed) {
            counters.malformed.increment();
            LOG.debug("gossip from {} was refused: {}", from, malformed.getMessage());
        }
        return null;
    }
}
