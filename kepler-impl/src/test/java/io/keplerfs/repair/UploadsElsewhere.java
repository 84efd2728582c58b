package io.keplerfs.repair;

import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** A node that has no uploads of its own, where those of all others go on. */
final class UploadsElsewhere implements Claims {
    @Override
    public CompletableFuture<Verdict> judge(Pin pin) {
        return CompletableFuture.completedFuture(Verdict.ALIVE);
    }

    @Override
    public Set<VersionId> neededHere(Store.Snapshot tables) {
        return Set.of();
    }
}
