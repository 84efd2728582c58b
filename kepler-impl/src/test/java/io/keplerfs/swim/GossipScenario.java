package io.keplerfs.swim;

import io.keplerfs.values.MemberState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The stories that a seed is told with; each ends with an {@link AssertionError} if the detector does not do what it should. */
enum GossipScenario {
    /** Everything goes wrong. */
    SWARM {
        @Override
        void play(GossipNetwork network) {
            new GossipSwarm(network).run();
        }
    },

    /** In a network without faults one node of twelve dies: it is noticed in time, and nobody else is touched. */
    ONE_DIES {
        @Override
        void play(GossipNetwork network) {
            List<GossipNode> nodes = network.formed(12, List.of());
            network.watchedBy(
                    List.of(
                            new Invariants.NobodyAliveIsAccused(network),
                            new Invariants.TheHealthyFeelWell(network),
                            new Invariants.RoundsAreShuffled()),
                    "");
            GossipNode dies = nodes.get(5);
            List<GossipNode> rest = nodes.stream().filter(node -> node != dies).toList();
            network.run(Duration.ofSeconds(60));
            dies.crash();
            Duration limit = Duration.ofSeconds(14);
            if (!network.runUntil(limit, () -> rest.stream().allMatch(n -> n.believes(dies, MemberState.DEAD)))) {
                throw network.fail("a crashed node was not dead for all after " + limit);
            }
            network.run(Duration.ofMinutes(3));
            network.settled();
        }
    },

    /** Two nodes do not hear each other, everybody else hears both. */
    ONE_LINK_IS_CUT {
        @Override
        void play(GossipNetwork network) {
            List<GossipNode> nodes = network.formed(8, List.of());
            network.watchedBy(List.of(new Invariants.NobodyAliveIsAccused(network)), "");
            Set<GossipNode> cut = Set.of(nodes.get(0), nodes.get(1));
            network.cut((from, to) -> cut.contains(from) && cut.contains(to));
            network.run(Duration.ofMinutes(3));
        }
    },

    /** Two halves without seeds: they grow together, and nobody is buried for it. */
    HALVES {
        @Override
        void play(GossipNetwork network) {
            List<GossipNode> nodes = network.formed(10, List.of());
            Set<GossipNode> half = Set.copyOf(nodes.subList(0, 5));
            network.cut((from, to) -> half.contains(from) != half.contains(to));
            network.run(Duration.ofMinutes(10));
            network.heal();
            network.beliefs.clear();
            Duration limit = Duration.ofSeconds(60);
            if (!network.runUntil(
                    limit, Duration.ofSeconds(1), () -> nodes.stream().allMatch(n -> n.sees(nodes)))) {
                throw network.fail("two halves had not grown together after " + limit);
            }
            if (!network.deaths().isEmpty()) {
                throw network.fail("after the healing somebody was buried: "
                        + network.deaths().get(0));
            }
        }
    },

    /** Nodes that hear and are heard late accuse everybody, and should learn to distrust themselves. */
    SLOW_MEMBERS {
        @Override
        void play(GossipNetwork network) {
            List<GossipNode> nodes = network.formed(16, List.of());
            List<GossipNode> slow = nodes.subList(0, 2);
            network.clog((from, to) -> slow.contains(to), Duration.ofMillis(1_500));
            network.run(Duration.ofMinutes(1));
            network.beliefs.clear();
            network.run(Duration.ofMinutes(2));
            List<String> accused = new ArrayList<>();
            for (GossipNetwork.Belief belief : network.beliefs) {
                boolean own = belief.reason().contains("no answer to a probe")
                        && slow.stream().anyMatch(node -> node.id.equals(belief.observer()));
                if (own
                        && slow.stream()
                                .noneMatch(node -> node.id.equals(belief.now().id()))) {
                    accused.add(belief.toString());
                }
            }
            if (accused.size() > MOST_FALSE_ACCUSATIONS) {
                throw network.fail("two slow members accused " + accused.size() + " times in 2 minutes");
            }
        }
    },

    /** A member says good-bye while packets of its past are still about. */
    LEAVES_AMONG_REPLAYS {
        @Override
        void play(GossipNetwork network) {
            List<GossipNode> nodes = network.formed(8, List.of());
            Duration slow = Duration.ofMillis(20);
            network.weather(new GossipWeather(0, 0.2, 0.3, 0, 0, Duration.ofMillis(1), slow));
            network.run(Duration.ofMinutes(2));
            nodes.get(3).crash();
            network.run(Duration.ofSeconds(40));
            nodes.get(4).leave();
            network.at(network.nowNanos() + Duration.ofSeconds(5).toNanos(), nodes.get(4)::crash);
            network.run(Duration.ofMinutes(12));
            network.heal();
            network.run(Duration.ofMinutes(12));
            network.settled();
        }
    };

    private static final int MOST_FALSE_ACCUSATIONS = 20;

    abstract void play(GossipNetwork network);

    /** One run; the network is given back for what it can tell. */
    GossipNetwork run(long seed, Set<Flaw> flaws) {
        String secret = this == SWARM ? GossipSwarm.secret(seed) : "";
        GossipNetwork network = new GossipNetwork(seed, SwimTimings.lan(), secret, flaws);
        network.watchedBy(
                Invariants.ofEveryRun(network),
                "mvn -B -Dquick test -pl kepler-api,kepler-impl -Dtest=SwimSimulationTest -Dseed=" + seed
                        + " -Dsurefire.failIfNoSpecifiedTests=false (" + this + ")");
        play(network);
        return network;
    }
}
