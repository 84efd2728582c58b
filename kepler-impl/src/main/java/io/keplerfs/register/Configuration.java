package io.keplerfs.register;

import io.keplerfs.values.NodeId;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Who owns a register. A round succeeds when a majority of every set has agreed.
 *
 * @param stage number of this ownership: 2e while the view of epoch e stands alone, 2e+1 on the way from e to e+1
 * @param ownerSets one set normally, two on the way from one view to the next; empty while no view is known
 */
public record Configuration(long stage, List<List<NodeId>> ownerSets) {
    public Configuration {
        ownerSets = ownerSets.stream().map(List::copyOf).toList();
        if (ownerSets.stream().anyMatch(List::isEmpty)) {
            throw new IllegalArgumentException("a set of owners is empty: " + ownerSets);
        }
    }

    /** Every owner once, in the order of the sets. */
    Set<NodeId> owners() {
        Set<NodeId> owners = new LinkedHashSet<>();
        ownerSets.forEach(owners::addAll);
        return owners;
    }

    boolean majority(Predicate<NodeId> of) {
        return !ownerSets.isEmpty()
                && ownerSets.stream().allMatch(set -> set.stream().filter(of).count() >= majorityOf(set));
    }

    boolean majority(Collection<NodeId> of) {
        return majority(of::contains);
    }

    static int majorityOf(List<NodeId> owners) {
        return owners.size() / 2 + 1;
    }
}
