package io.keplerfs.repair;

import io.keplerfs.ChunkReport;
import io.keplerfs.ChunkReport.Copy;
import io.keplerfs.ChunkReport.Need;
import io.keplerfs.UnavailableException;
import io.keplerfs.repair.HeldChunks.Held;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Reference;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Views;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Asks every member what it holds of one chunk, and says what that means. Any thread. */
public final class Explain {
    private final Views views;
    private final Holdings holdings;
    private final LifeTimes ages;

    public Explain(Views views, Holdings holdings, LifeTimes ages) {
        this.views = views;
        this.holdings = holdings;
        this.ages = ages;
    }

    /** Fails as unavailable before this node has joined a cluster. */
    public CompletableFuture<ChunkReport> chunk(ChunkId id) {
        Optional<Ownership> known = views.ownership();
        if (known.isEmpty()) {
            return CompletableFuture.failedFuture(
                    new UnavailableException("this node has not joined a cluster yet, so nobody owns chunk " + id));
        }
        Ownership ownership = known.get();
        Set<NodeId> owners = new LinkedHashSet<>();
        ownership.ownerSets(ownership.current().ring().partitionOf(id)).forEach(owners::addAll);
        Set<NodeId> all = new LinkedHashSet<>(owners);
        all.addAll(ownership.everybody());
        List<CompletableFuture<Optional<Copy>>> asked = all.stream()
                .map(node -> ask(node, owners.contains(node), id, ownership))
                .toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(done -> new ChunkReport(
                        id,
                        ownership.newest().epoch(),
                        ownership.next().isEmpty(),
                        asked.stream()
                                .map(CompletableFuture::join)
                                .flatMap(Optional::stream)
                                .toList()));
    }

    private CompletableFuture<Optional<Copy>> ask(NodeId node, boolean owner, ChunkId id, Ownership ownership) {
        return holdings.ask(node, List.of(id), false).handle((held, failure) -> {
            if (held == null) {
                return Optional.of(new Copy(
                        node,
                        owner,
                        "unknown",
                        "it does not answer: nothing is decided without a" + " majority of the owners",
                        List.of()));
            }
            Held copy = held.chunks().get(0);
            boolean nothing = copy.copy().isEmpty() && copy.references().isEmpty();
            return !owner && nothing ? Optional.empty() : Optional.of(describe(node, owner, copy, held, ownership));
        });
    }

    private Copy describe(NodeId node, boolean owner, Held held, HeldChunks answer, Ownership ownership) {
        List<Need> needs = new ArrayList<>();
        for (Reference reference : held.references()) {
            needs.add(new Need(
                    reference.pin().upload(),
                    reference.pin().bucket(),
                    reference.pin().key(),
                    reference.state().name().toLowerCase(Locale.ROOT),
                    Instant.ofEpochMilli(reference.sinceMillis())));
        }
        String state =
                held.copy().map(copy -> copy.name().toLowerCase(Locale.ROOT)).orElse("none");
        return new Copy(node, owner, state, why(owner, held, answer, ownership), needs);
    }

    private String why(boolean owner, Held held, HeldChunks answer, Ownership ownership) {
        boolean live = held.isLive();
        boolean damaged = held.copy().filter(ChunkRow.State.QUARANTINE::equals).isPresent();
        if (held.isNeeded() && !live && (owner || !damaged)) {
            return "it is needed, and missing here: a copy is on its way";
        } else if (held.isNeeded()) {
            return owner
                    ? "kept for " + firstNeed(held)
                    : "kept until a majority of the owners hold verified copies, "
                            + ages.departed().toMinutes() + " min after the view came to stand at the earliest";
        } else if (held.copy().filter(ChunkRow.State.TRASH::equals).isPresent()) {
            return "in the trash: deleted after " + ages.trash().toMinutes()
                    + " min there, sooner when the disk is nearly full, unless somebody reads or stores it";
        } else if (!live && !damaged) {
            return "nothing is here";
        } else if (ownership.next().isPresent()) {
            return "nobody needs it; it stays while ownership moves";
        } else if (answer.epoch() != ownership.current().epoch()) {
            return "nobody needs it as far as this node knows; it stays until the references of the owners before are read";
        }
        Instant earliest = Instant.ofEpochMilli(held.unreferencedSinceMillis()).plus(ages.unreferenced());
        return "nobody needs it: " + (damaged ? "forgotten after " : "to the trash after ") + earliest
                + ", if a majority of the owners know no reference either";
    }

    private static String firstNeed(Held held) {
        List<Reference> live =
                held.references().stream().filter(Reference::isLive).toList();
        Reference first = live.get(0);
        String more = live.size() == 1 ? "" : " and " + (live.size() - 1) + " more";
        return first.pin().bucket() + "/" + first.pin().key() + more;
    }
}
