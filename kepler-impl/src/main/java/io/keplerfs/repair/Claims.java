package io.keplerfs.repair;

import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Who needs the chunks of an upload; supplied from above, where files are known. Any thread. */
public interface Claims {
    /** What is known of an upload for good. */
    enum Verdict {
        /** It is the current version of its file, or kept for another reason. */
        ALIVE,
        /** It is not, and can never be again: nobody can commit it any more. */
        DEAD,
        /** Nobody can tell now. */
        UNDECIDED
    }

    /** Finds out, and if it is dead, has made sure that it stays so; never fails. */
    CompletableFuture<Verdict> judge(Pin pin);

    /** Uploads that this node itself has not finished: their chunks stay on its disk whoever else has them. */
    Set<VersionId> neededHere(Store.Snapshot tables);
}
