package io.keplerfs.files;

import io.keplerfs.register.ReadResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Replacements;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Views;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the references of replaced versions dropped. Every owner of a register notes, in the very transaction in which it takes
 * one version in place of another, that the old one's upload is to be looked at; so no crash of a coordinator can leak it.
 *
 * <pre>
 * queue task "replaced"  id: register | uuid upload | uuid version     target: this node
 * </pre>
 *
 * <p>That an owner has replaced a version does not mean that the new one was chosen. The register is read first; if the old
 * version is current all the same, the next owner that replaces it notes it again. If the current version was built on the old
 * one, the old one has happened, and what has happened and is not current can never be committed again: all its references go.
 * Otherwise only those go that its coordinator has confirmed; the rest is left to the audit of old intents.
 */
public final class Replaced implements Replacements {
    private static final String REPLACED = "replaced";
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** The owners do the same one after the other: usually the first has done it when the others look. */
    private static final Duration RANK_DELAY = Duration.ofSeconds(20);

    private static final Logger log = LoggerFactory.getLogger(Replaced.class);

    private final Rpc rpc;
    private final Views views;
    private final ReplicationQueue queue;

    public Replaced(Rpc rpc, Views views, ReplicationQueue queue) {
        this.rpc = rpc;
        this.views = views;
        this.queue = queue;
    }

    /** Begins to look after the tasks. */
    void deliverFor(Node node, Claimed claimed) {
        queue.deliverWith(REPLACED, task -> new Drop(node, claimed, task).run());
    }

    @Override
    public void replaced(Store.Transaction tables, RegisterKey key, RegisterValue before, RegisterValue after) {
        if (before.absent() || key.bucket().startsWith("$")) {
            return;
        }
        Manifest old;
        boolean same;
        try {
            old = Manifest.of(before);
            same = old.isContentOf(after);
        } catch (MalformedMessageException unreadable) {
            // The accept must not fail for it; what cannot be read is kept.
            log.warn("a replaced version of {} cannot be read, its chunks stay: {}", key, unreadable.getMessage());
            return;
        }
        if (!old.hasChunks() || same) {
            return;
        }
        byte[] id = new WireWriter()
                .register(key)
                .version(old.upload())
                .version(before.id())
                .toBytes();
        QueueRow task = queue.task(REPLACED, id, rpc.self(), 0, "version replaced");
        tables.enqueue(task.delayedBy(RANK_DELAY.multipliedBy(rank(key))));
    }

    private int rank(RegisterKey key) {
        List<List<NodeId>> sets = views.of(key).ownerSets();
        return sets.isEmpty() ? 0 : Math.max(0, sets.get(sets.size() - 1).indexOf(rpc.self()));
    }

    /**
     * Has references dropped of an upload that nothing needs any more. All of them only if the version has certainly happened;
     * else those that are known to have been committed, and the audit seals the fate of the others.
     *
     * @param current what the register was just seen to hold, another version
     */
    static CompletableFuture<Void> giveBack(Node node, RegisterValue current, VersionId upload, VersionId version) {
        return node.ownership(TIMEOUT)
                .thenCompose(ownership -> current.descendsFrom(version)
                        ? node.delivery().unpin(upload, ownership.everybody())
                        : node.delivery().retire(upload, ownership.everybody()));
    }

    /** One task. */
    private static final class Drop {
        private final Node node;
        private final Claimed claimed;
        private final RegisterKey key;
        private final VersionId upload;
        private final VersionId version;

        Drop(Node node, Claimed claimed, QueueRow task) {
            this.node = node;
            this.claimed = claimed;
            WireReader id = new WireReader(task.id());
            this.key = id.register();
            this.upload = id.version();
            this.version = id.version();
        }

        CompletableFuture<Void> run() {
            return node.registers().read(key, TIMEOUT).thenCompose(this::judge);
        }

        private CompletableFuture<Void> judge(ReadResult result) {
            if (!(result instanceof ReadResult.Value found)) {
                return CompletableFuture.failedFuture(
                        new IllegalStateException("the owners of " + key + " do not answer"));
            }
            RegisterValue current = found.value();
            if (Claimed.names(current, upload)) {
                return CompletableFuture.completedFuture(null);
            }
            // Asked last: a version is kept as a conflict before it is replaced, so what is not kept now was not when
            // it was read.
            return claimed.elsewhere(key, upload)
                    .thenCompose(kept ->
                            kept ? CompletableFuture.completedFuture(null) : giveBack(node, current, upload, version));
        }
    }
}
