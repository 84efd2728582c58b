package io.keplerfs.view;

import io.keplerfs.loop.Loop;
import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Store;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which cluster a node belongs to, before any view can say so. Owned by the loop.
 *
 * <ul>
 *   <li>A node without seeds founds a cluster of its own.
 *   <li>A node with seeds asks them, and founds one only if it is itself among its seeds and none of the others has a cluster;
 *       the first in the list is the quickest to do so, so that nodes started together with one list form one cluster.
 *   <li>If two clusters meet all the same, an empty one of a single node dissolves into the other. Two that hold data never
 *       merge, and say so.
 * </ul>
 */
public final class Founding {
    /**
     * Whom to ask for a cluster.
     *
     * @param addresses {@code host:gossip_port}
     * @param ownRank which of them is this node itself, or {@link #NOT_AMONG_THEM}
     */
    public record Seeds(List<String> addresses, int ownRank) {
        public static final int NOT_AMONG_THEM = -1;
    }

    /** How long a seed waits for each seed before it in the list to found the cluster. */
    static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final Duration WARN_EVERY = Duration.ofMinutes(1);
    private static final Logger log = LoggerFactory.getLogger(Founding.class);

    private final Loop loop;
    private final Store store;
    private final Views views;
    private final ViewMember self;
    private final int replication;
    private final Seeds seeds;
    private final Runnable cardChanged;

    private volatile boolean hasData;
    private boolean dissolving;
    private long lastWarningNanos;

    /** @param cardChanged told whenever {@link #card} answers something else; must not block */
    public Founding(
            Loop loop, Store store, Views views, ViewMember self, int replication, Seeds seeds, Runnable cardChanged) {
        this.loop = loop;
        this.store = store;
        this.views = views;
        this.self = self;
        this.replication = replication;
        this.seeds = seeds;
        this.cardChanged = cardChanged;
        this.lastWarningNanos = loop.nanoTime() - WARN_EVERY.toNanos();
    }

    /** Begins. On the loop, once, after {@link Views#load}. */
    public void start() {
        views.onChange(ownership -> cardChanged.run());
        watchForData();
        if (views.ownership().isPresent() || views.clusterId().isPresent()) {
            return;
        }
        if (seeds.addresses().isEmpty()) {
            found();
        } else if (seeds.ownRank() != Seeds.NOT_AMONG_THEM) {
            Duration wait = PATIENCE.multipliedBy(seeds.ownRank()).plus(PATIENCE.dividedBy(2));
            loop.schedule(wait, this::foundIfStillAlone);
        } else {
            log.info("waiting for a cluster to join at {}", String.join(", ", seeds.addresses()));
        }
    }

    private void foundIfStillAlone() {
        if (views.clusterId().isEmpty()) {
            found();
        }
    }

    private void found() {
        UUID id = new UUID(loop.random().nextLong(), loop.random().nextLong());
        log.info("founding cluster {} with {} copies of everything", id, replication);
        views.found(id, self, replication);
        cardChanged.run();
    }

    /** What to tell others now. Any thread. */
    public ClusterCard card() {
        return views.ownership()
                .map(ownership -> new ClusterCard(
                        views.clusterId(),
                        ownership.newest().members().size(),
                        hasData,
                        ownership.current().replication()))
                .orElseGet(() -> new ClusterCard(views.clusterId(), 0, hasData, replication));
    }

    /** A node of another cluster answered, or one with a cluster while this one has none. On the loop. */
    public void met(MemberInfo other, ClusterCard theirs) {
        UUID theirId = theirs.clusterId().orElse(null);
        UUID myId = views.clusterId().orElse(null);
        if (theirId == null || theirId.equals(myId) || dissolving) {
            return;
        }
        int myOwners = views.ownership().map(o -> o.newest().members().size()).orElse(0);
        boolean iAmEmpty = !hasData && myOwners <= 1;
        boolean theyAreEmpty = !theirs.hasData() && theirs.owners() <= 1;
        if (iAmEmpty && theirs.owners() > 0 && (myOwners == 0 || !theyAreEmpty || isBelow(theirId, myId))) {
            join(theirId, other, theirs);
        } else if (!iAmEmpty && !theyAreEmpty) {
            warnOfTwoClusters(other, theirId);
        }
    }

    private static boolean isBelow(UUID theirId, @org.jspecify.annotations.Nullable UUID myId) {
        return myId == null || theirId.compareTo(myId) < 0;
    }

    private void join(UUID theirId, MemberInfo other, ClusterCard theirs) {
        dissolving = true;
        if (theirs.replicationFactor() != replication) {
            log.warn(
                    "cluster {} keeps {} copies: the replication factor {} configured here is not used",
                    theirId,
                    theirs.replicationFactor(),
                    replication);
        }
        views.dissolveInto(theirId, joined -> {
            dissolving = false;
            if (joined) {
                log.info("joining cluster {}, met at {}", theirId, other.label());
                cardChanged.run();
            }
        });
    }

    private void warnOfTwoClusters(MemberInfo other, UUID theirId) {
        if (loop.nanoTime() - lastWarningNanos >= WARN_EVERY.toNanos()) {
            lastWarningNanos = loop.nanoTime();
            log.warn(
                    "node {} at {}:{} is in cluster {} and this one in {}: both hold data, so they never merge. "
                            + "Take one of them out of the other's seeds, or empty one and start it anew",
                    other.label(),
                    other.address().host(),
                    other.address().gossipPort(),
                    theirId,
                    views.clusterId().map(UUID::toString).orElse("none"));
        }
    }

    /** Only a hint for others: whether this node may dissolve is decided inside a transaction. */
    private void watchForData() {
        loop.when(store.read(tables -> !tables.hasNoRegisters()), (data, failure) -> {
            hasData = Boolean.TRUE.equals(data);
            if (!hasData) {
                loop.schedule(Duration.ofSeconds(1), this::watchForData);
            }
        });
    }
}
