package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The invariants of membership, each a class that says one thing. */
final class Invariants {
    private Invariants() {}

    /** Those that hold in every run. */
    static List<Invariant> ofEveryRun(GossipNetwork network) {
        return List.of(
                new EventsAreInOrder(network),
                new SuspicionsTakeTheirTime(network),
                new TheAccusedAreTold(network),
                new PacketsAreSmall(network),
                new StateIsBounded(network),
                new NoWrongVerdictSurvives(network));
    }

    /** What one life thinks of one member. */
    private record Opinion(GossipNode at, NodeId of) {}

    /**
     * A host hears of each member one step after the other; states change as the table in {@link Roster} allows; incarnations never
     * fall, and a member that speaks up for itself raises its own.
     */
    static final class EventsAreInOrder implements Invariant {
        private final GossipNetwork network;
        private final Map<Opinion, MemberInfo> last = new HashMap<>();

        EventsAreInOrder(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void changed(GossipNode at, Effect.Changed change) {
            MemberInfo now = change.now();
            MemberInfo before = last.put(new Opinion(at, now.id()), now);
            if (before == null || wasForgotten(at, before, change)) {
                return;
            }
            boolean allowed = change.before() == before.state()
                    && Claim.overrides(before.state(), before.incarnation(), now.state(), now.incarnation());
            if (!allowed) {
                throw network.fail(
                        "node " + at.number + " went from " + before + " to " + now + ": " + change.reason());
            }
        }

        /** After a day, or a minute for those who left, it begins anew. */
        private static boolean wasForgotten(GossipNode at, MemberInfo before, Effect.Changed change) {
            return before.state() != MemberState.ALIVE
                    && before.state() != MemberState.SUSPECT
                    && change.before() == change.now().state()
                    && !change.now().id().equals(at.id);
        }
    }

    /** Who buries by its own clock has waited, awake, for the shortest time of a suspicion; pauses of its own do not count. */
    static final class SuspicionsTakeTheirTime implements Invariant {
        private record Begin(long clockNanos, long pausedNanos, int pauses) {}

        private final GossipNetwork network;
        private final Map<Opinion, Begin> begins = new HashMap<>();

        SuspicionsTakeTheirTime(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void changed(GossipNode at, Effect.Changed change) {
            Opinion opinion = new Opinion(at, change.now().id());
            MemberState state = change.now().state();
            if (state == MemberState.SUSPECT) {
                begins.put(opinion, new Begin(at.clockNanos(), at.pausedNanos, at.pauses));
            } else if (state == MemberState.DEAD && change.reason().contains("did not refute")) {
                Begin begin = begins.get(opinion);
                long shortest = network.timings.shortestSuspicionNanos(1);
                // A pause shorter than a round may pass for a slow turn.
                long unnoticed = begin == null
                        ? 0
                        : (at.pauses - begin.pauses)
                                * network.timings.probeInterval().toNanos();
                long awake =
                        begin == null ? 0 : at.clockNanos() - begin.clockNanos - (at.pausedNanos - begin.pausedNanos);
                if (awake + unnoticed < shortest) {
                    throw network.fail("node " + at.number + " buried " + change.now() + " after "
                            + Duration.ofNanos(awake) + " of being awake");
                }
            }
        }
    }

    /** Buddy ping: whoever is asked for a sign of life by one that suspects it is told so, first of all. */
    static final class TheAccusedAreTold implements Invariant {
        private final GossipNetwork network;

        TheAccusedAreTold(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void sent(GossipNode from, GossipMessage.Packet packet, int bytes) {
            if (packet instanceof GossipMessage.Ping ping) {
                Known target = from.detector.roster().find(ping.target());
                if (target != null
                        && Claim.isAccusation(target.info.state())
                        && ping.claims().stream()
                                .noneMatch(claim -> claim.member().id().equals(ping.target()))) {
                    throw network.fail("node " + from.number + " pings " + target.info + " and does not say so");
                }
            }
        }
    }

    /** No datagram is ever fragmented. */
    static final class PacketsAreSmall implements Invariant {
        private final GossipNetwork network;

        PacketsAreSmall(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void sent(GossipNode from, GossipMessage.Packet packet, int bytes) {
            if (bytes > GossipCodec.MAX_PACKET_BYTES) {
                throw network.fail("a packet of " + bytes + " bytes: " + packet);
            }
        }
    }

    /** Nothing grows beyond the members and its limit; and when all is quiet, nothing is left to be told or waited for. */
    static final class StateIsBounded implements Invariant {
        private final GossipNetwork network;

        StateIsBounded(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void watched(GossipNode node) {
            int known = node.detector.roster().others().size() + 1;
            int rumours = node.detector.rumours().size();
            int suspicions = node.detector.roster().suspicions().size();
            int relays = node.detector.prober().relays().size();
            if (rumours > known || suspicions > known || relays > Relays.MAX_RELAYS || known > network.lives.size()) {
                throw network.fail("node " + node.number + " keeps " + rumours + " rumours, " + suspicions
                        + " suspicions, " + relays + " relays and " + known + " members");
            }
        }

        @Override
        public void settled(GossipNetwork settled) {
            for (GossipNode node : settled.alive()) {
                int rumours = node.detector.rumours().size();
                int waiting = node.detector.roster().suspicions().size();
                if (rumours + waiting > 0) {
                    throw settled.fail("node " + node.number + " still has " + rumours + " rumours and " + waiting
                            + " suspicions although nothing happened for long");
                }
            }
        }
    }

    /**
     * After all faults have ended, everybody has the newest word of everybody who lives, and nobody takes the dead for alive; who is
     * dead for one is for all.
     */
    static final class NoWrongVerdictSurvives implements Invariant {
        private final GossipNetwork network;

        NoWrongVerdictSurvives(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void settled(GossipNetwork settled) {
            String wrong = wrongVerdict(settled);
            if (!wrong.isEmpty()) {
                throw network.fail(wrong);
            }
        }

        /** The first that is found; empty if there is none. */
        static String wrongVerdict(GossipNetwork network) {
            List<GossipNode> here =
                    network.alive().stream().filter(node -> !node.isLeaving()).toList();
            Map<NodeId, MemberInfo> living = new HashMap<>();
            here.forEach(node -> living.put(node.id, node.self()));
            Set<NodeId> dead = new HashSet<>();
            Set<NodeId> left = new HashSet<>();
            network.lives.stream().filter(GossipNode::isLeaving).forEach(node -> left.add(node.id));
            for (GossipNode node : here) {
                for (Known known : node.detector.roster().others()) {
                    MemberInfo truth = living.get(known.info.id());
                    if (truth == null && known.isLiving()) {
                        return "node " + node.number + " takes a dead member for " + known.info;
                    } else if (truth == null && known.info.state() == MemberState.DEAD) {
                        dead.add(known.info.id());
                    }
                }
                for (GossipNode other : here) {
                    MemberInfo seen = node.view(other);
                    if (!other.self().equals(seen)) {
                        return "node " + node.number + " has " + seen + " of node " + other.number + ", which is "
                                + other.self();
                    }
                }
            }
            dead.removeAll(left);
            for (GossipNode node : here) {
                for (NodeId id : dead) {
                    if (node.view(id) == null) {
                        return "node " + node.number + " does not know that " + id + " is dead, others do";
                    }
                }
            }
            return "";
        }
    }

    // ---- those of a calm network

    /** Nobody who lives is suspected. */
    static final class NobodyAliveIsAccused implements Invariant {
        private final GossipNetwork network;

        NobodyAliveIsAccused(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void changed(GossipNode at, Effect.Changed change) {
            boolean lives = network.lives.stream()
                    .anyMatch(node -> node.up && node.id.equals(change.now().id()));
            if (lives && Claim.isAccusation(change.now().state())) {
                throw network.fail("node " + at.number + " accuses " + change.now() + ": " + change.reason());
            }
        }
    }

    /** Where only others fail, a node trusts itself: relays that could not help said so in time. */
    static final class TheHealthyFeelWell implements Invariant {
        private final GossipNetwork network;

        TheHealthyFeelWell(GossipNetwork network) {
            this.network = network;
        }

        @Override
        public void watched(GossipNode node) {
            int score = node.detector.prober().health().score();
            if (score > 1) {
                throw network.fail("node " + node.number + " distrusts itself by " + score + " although it is well");
            }
        }
    }

    /** Nobody can tell whom a node probes next: each round has an order of its own. */
    static final class RoundsAreShuffled implements Invariant {
        private final Map<GossipNode, List<NodeId>> probed = new HashMap<>();

        @Override
        public void sent(GossipNode from, GossipMessage.Packet packet, int bytes) {
            if (packet instanceof GossipMessage.Ping ping) {
                probed.computeIfAbsent(from, node -> new ArrayList<>()).add(ping.target());
            }
        }

        @Override
        public void settled(GossipNetwork network) {
            int size = network.lives.size() - 1;
            for (Map.Entry<GossipNode, List<NodeId>> entry : probed.entrySet()) {
                List<NodeId> all = entry.getValue();
                for (int at = 0; size > 4 && at + 3 * size <= all.size(); at++) {
                    List<NodeId> one = all.subList(at, at + size);
                    if (one.equals(all.subList(at + size, at + 2 * size))
                            && one.equals(all.subList(at + 2 * size, at + 3 * size))) {
                        throw network.fail(
                                "node " + entry.getKey().number + " probes in the same order again and again");
                    }
                }
            }
        }
    }
}
