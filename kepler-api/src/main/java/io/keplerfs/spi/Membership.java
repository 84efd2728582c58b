package io.keplerfs.spi;

import io.keplerfs.values.Contact;
import io.keplerfs.values.Measure;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.random.RandomGenerator;

/**
 * Who answers: finds the other nodes and keeps an opinion on each. It says nothing about who owns data.
 *
 * <p><b>Threads.</b> Every method may be called from any thread; none blocks but {@link #bind}, {@link #leave} and
 * {@link #close}. The {@link Host} is called on one thread of the membership at a time; it must not block.
 *
 * <p><b>Clusters.</b> Nodes exchange gossip only while their {@link Host#card cards} name the same cluster. A node without a
 * cluster says hello to its seeds, once a second, and each hello carries both cards to both hosts; whether to adopt the
 * other's cluster is the host's business.
 */
public interface Membership extends AutoCloseable {
    /**
     * Binds, so that the real port is known. Called once, before {@link #start}.
     *
     * @return the port that was bound, 0 if this membership has none
     * @throws IOException if the port cannot be bound; the message names it
     */
    int bind(String host, int port) throws IOException;

    /** Begins to gossip. Called once. */
    void start(Local local, Host host);

    /** Every known member, this node included, in no order. Dead ones stay for a day, left ones for a minute. */
    List<MemberInfo> members();

    /** What it can say of its own work at this moment, for operators. Of no effect on anything. Cheap enough for once a second. */
    Report report();

    /** The host's card has changed: hello or join anew, without waiting for the next period. */
    void cardChanged();

    /** Seals with the first of these secrets and opens with all of them, from now on; after {@link #start}. Does not block. */
    void use(Keyring keys);

    /** Tells the others good-bye, and waits until some have heard it or the time is over. */
    void leave(Duration timeout);

    /** Frees port and threads, without a good-bye. Idempotent. */
    @Override
    void close();

    /**
     * What the membership is told of its node.
     *
     * @param self this node with its advertised address, and the incarnation to begin with: above every earlier run's
     * @param seeds {@code host:port}, resolved anew at each try
     * @param known members of an earlier run, to be tried as seeds too
     * @param keys shared secrets of the cluster
     * @param network how patient to be, where the two durations below do not say it
     * @param probeInterval time between probes
     * @param probeTimeout how long a direct probe waits
     * @param random for choosing whom to probe
     * @param threads makes every thread of the membership
     */
    record Local(
            MemberInfo self,
            List<String> seeds,
            List<MemberInfo> known,
            Keyring keys,
            Network network,
            Duration probeInterval,
            Duration probeTimeout,
            RandomGenerator random,
            ThreadFactory threads) {
        /** With one secret, or none if it is empty. */
        public Local(
                MemberInfo self,
                List<String> seeds,
                List<MemberInfo> known,
                String secret,
                Network network,
                Duration probeInterval,
                Duration probeTimeout,
                RandomGenerator random,
                ThreadFactory threads) {
            this(self, seeds, known, Keyring.of(secret), network, probeInterval, probeTimeout, random, threads);
        }
    }

    /**
     * What a membership says of its own work.
     *
     * @param localHealth 0 to 8: how far it distrusts its own probes, 0 if it has no reason to or does not measure it
     * @param contacts what this node itself has heard of others. Every living member is in it at the latest when it has answered
     *     a probe; this node never is
     * @param measures numbers for {@code /metrics}; the same names at every call
     */
    record Report(int localHealth, Map<NodeId, Contact> contacts, List<Measure> measures) {
        /** Of a membership that does not run. */
        public static final Report NONE = new Report(0, Map.of(), List.of());

        public Report {
            contacts = Map.copyOf(contacts);
            measures = List.copyOf(measures);
        }
    }

    /** The node, as the membership sees it. */
    interface Host {
        /** What to tell others now; cheap, any thread. */
        ClusterCard card();

        /**
         * A member is new, or its state, address or incarnation changed. In order per member.
         *
         * @param before the earlier state; for a new member the same as now
         */
        void memberChanged(MemberState before, MemberInfo now);

        /** A hello met a node whose card names another cluster than ours, or one when we have none. */
        void clusterMet(MemberInfo other, ClusterCard card);
    }
}
