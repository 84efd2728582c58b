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

    byte[] pack(GossipMessage message) {
        return seal.close(GossipCodec.encode(new Letter(cluster, message)));
    }

    /** Null if it is not for us. */
    @Nullable GossipMessage unpack(byte[] envelope, Object from) {
        try {
            Letter letter = GossipCodec.decode(seal.open(envelope));
            Optional<UUID> ours = cluster;
            if (letter.crossesClusters() || (ours.isPresent() && letter.cluster().equals(ours))) {
                return letter.message();
            }
            counters.foreign.increment();
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
