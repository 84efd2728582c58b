package io.keplerfs.sim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** An operator who does something every few seconds: drains nodes, takes that back, evicts dead ones, changes weight and zone. */
final class SimOperator {
    private static final int MOST_WEIGHT = 3;
    private static final List<String> ZONES = List.of("", "", "a", "b");

    private final SimLoop loop;
    private final SplittableRandom random;
    private final List<ViewNode> nodes;
    private final BooleanSupplier over;
    private final Set<NodeId> seenDeparted = new HashSet<>();
    private long drained;
    private long newestEpoch;

    SimOperator(SimLoop loop, SplittableRandom random, List<ViewNode> nodes, BooleanSupplier over) {
        this.loop = loop;
        this.random = random;
        this.nodes = nodes;
        this.over = over;
    }

    void start() {
        loop.after(Duration.ofMillis(random.nextInt(1_000, 6_000)), () -> {
            if (!over.getAsBoolean()) {
                act();
                start();
            }
        });
    }

    private void act() {
        ViewNode asked = nodes.get(random.nextInt(nodes.size()));
        ViewNode about = nodes.get(random.nextInt(nodes.size()));
        if (asked.operator() == null) {
            return;
        }
        switch (random.nextInt(5)) {
            case 0, 1 -> asked.operator().drain(about.id());
            case 2 -> asked.operator().cancelDrain(about.id());
            case 3 -> asked.operator().evict(about.id());
            default -> about.becomes(changed(about.info()));
        }
    }

    private MemberInfo changed(MemberInfo info) {
        return new MemberInfo(
                info.id(),
                info.label(),
                ZONES.get(random.nextInt(ZONES.size())),
                1 + random.nextInt(MOST_WEIGHT),
                info.address(),
                info.incarnation() + 1,
                info.state());
    }

    /** A node that was drained may be gone only when every owner has what it has. */
    void watch(Ownership known, Collection<RegisterKey> keys, Consumer<String> violation) {
        View view = known.newest();
        if (view.epoch() <= newestEpoch) {
            // Told again, or by one that is behind: its owners have been compared when the view was new.
            return;
        }
        newestEpoch = view.epoch();
        seenDeparted.retainAll(view.departed());
        for (ViewNode node : nodes) {
            if (view.departed().contains(node.id()) && seenDeparted.add(node.id())) {
                drained++;
                keys.forEach(key -> compare(node, key, view, violation));
            }
        }
    }

    private void compare(ViewNode gone, RegisterKey key, View view, Consumer<String> violation) {
        List<NodeId> owners = view.ring().owners(view.ring().partitionOf(key.bucket(), key.shard()));
        for (ViewNode owner : nodes) {
            if (owners.contains(owner.id()) && owner.accepted(key).compareTo(gone.accepted(key)) < 0) {
                violation.accept(owner.info().label() + " lacks shard " + key.shard() + " of the drained "
                        + gone.info().label());
            }
        }
    }

    long drained() {
        return drained;
    }
}
