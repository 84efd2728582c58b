package io.keplerfs.sim.whole;

import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The membership of simulated nodes: what each believes of the others follows what is so, late, and now and then wrongly. */
final class Oracle {
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    private final SimLoop world;
    private final Wires wires;
    private final SplittableRandom random;
    private final Map<NodeId, Sight> sights = new TreeMap<>();
    /** Chance that a look declares a living node dead. */
    double mistakes;

    Oracle(SimLoop world, Wires wires) {
        this.world = world;
        this.wires = wires;
        this.random = world.fork();
    }

    Membership of(SimProcess life) {
        return new Sight(life);
    }

    private static final class Opinion {
        MemberInfo info;
        long silentSince;
        long patienceNanos;

        Opinion(MemberInfo info) {
            this.info = info;
        }
    }

    /** One life's opinions. */
    private final class Sight implements Membership {
        private final SimProcess life;
        private final Map<NodeId, Opinion> opinions = new TreeMap<>();
        private @Nullable MemberInfo self;
        private @Nullable Host host;
        private boolean left;

        Sight(SimProcess life) {
            this.life = life;
        }

        @Override
        public int bind(String name, int port) {
            return 1;
        }

        @Override
        public void start(Local local, Host node) {
            self = local.self();
            host = node;
            sights.put(local.self().id(), this);
            opinions.put(local.self().id(), new Opinion(local.self()));
            node.memberChanged(MemberState.ALIVE, local.self());
            local.known().forEach(peer -> opinions.put(peer.id(), new Opinion(peer.withState(MemberState.SUSPECT))));
            look();
        }

        private void look() {
            life.schedule(LOOK_EVERY.plusMillis(random.nextInt(100)), this::look);
            List.copyOf(sights.values()).forEach(this::lookAt);
        }

        private void lookAt(Sight other) {
            MemberInfo me = self;
            MemberInfo there = other.self;
            Host mine = host;
            Host theirs = other.host;
            if (me == null || there == null || mine == null || theirs == null || other == this) {
                return;
            }
            boolean answers = !other.life.isDead()
                    && !other.life.isPaused()
                    && wires.isOpen(me.id(), there.id())
                    && wires.isOpen(there.id(), me.id());
            ClusterCard card = theirs.card();
            if (answers && !card.clusterId().equals(mine.card().clusterId())) {
                mine.clusterMet(there, card);
                return;
            }
            Opinion known = opinions.get(there.id());
            if (known == null && answers) {
                Opinion first = new Opinion(there);
                opinions.put(there.id(), first);
                mine.memberChanged(there.state(), there);
            } else if (known != null) {
                judge(known, there, answers && random.nextDouble() >= mistakes, other.left, mine);
            }
        }

        private void judge(Opinion known, MemberInfo there, boolean answers, boolean leaving, Host mine) {
            if (answers && !leaving) {
                known.silentSince = 0;
                become(known, there, MemberState.ALIVE, mine);
                return;
            } else if (leaving) {
                become(known, known.info, MemberState.LEFT, mine);
                return;
            }
            if (known.silentSince == 0) {
                known.silentSince = world.nowNanos();
                known.patienceNanos = random.nextLong(2_000_000_000L, 8_000_000_000L);
            }
            long silent = world.nowNanos() - known.silentSince;
            if (silent > known.patienceNanos) {
                become(known, known.info, MemberState.DEAD, mine);
            } else if (silent > 1_000_000_000L) {
                become(known, known.info, MemberState.SUSPECT, mine);
            }
        }

        private void become(Opinion known, MemberInfo latest, MemberState state, Host mine) {
            MemberState before = known.info.state();
            MemberInfo now = latest.withState(state);
            if (!now.equals(known.info) && !(before == MemberState.DEAD && state == MemberState.SUSPECT)) {
                known.info = now;
                mine.memberChanged(before, now);
            }
        }

        @Override
        public List<MemberInfo> members() {
            return new ArrayList<>(
                    opinions.values().stream().map(known -> known.info).toList());
        }

        @Override
        public void cardChanged() {}

        @Override
        public void use(Keyring keys) {}

        @Override
        public Report report() {
            return Report.NONE;
        }

        @Override
        public void leave(Duration timeout) {
            left = true;
        }

        @Override
        public void close() {}
    }
}
