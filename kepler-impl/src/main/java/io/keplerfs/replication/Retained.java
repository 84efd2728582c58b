package io.keplerfs.replication;

import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;

/** What this node needs, whatever others say; supplied from above, where files are known. */
@FunctionalInterface
public interface Retained {
    Retained NOTHING = (tables, upload) -> false;

    /**
     * Whether the references of the upload must stay on this node, although somebody else has found that it can never be
     * committed. Asked in the transaction that would drop them, on a thread of the store.
     */
    boolean keeps(Store.Snapshot tables, VersionId upload);
}
