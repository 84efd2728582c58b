package io.keplerfs;

import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * One member of the cluster, running in this process.
 *
 * <p>It installs no shutdown hook, keeps no static state (several nodes in one JVM work), and leaves no thread behind after
 * {@link #close()}. Its threads are daemons named {@code kepler-<label>-<role>}.
 */
public interface KeplerNode extends AutoCloseable {
    /**
     * Opens the data directory, binds the ports and begins to join the cluster. Returns when the node listens; a call on
     * {@link #cluster()} made before it has joined waits for that, up to its own timeout.
     *
     * @throws IOException if a port is taken, or the data directory is not writable, in use, or another node's; the message
     *     says which and what to do
     */
    static KeplerNode start(KeplerOptions options) throws IOException {
        return KeplerProvider.find().start(options);
    }

    NodeId id();

    String label();

    /** Where peers and clients reach this node, with the ports that were really bound. */
    NodeAddress address();

    /** Base address of this node's HTTP gateway; empty if it runs none. */
    Optional<URI> httpUri();

    KeplerCluster cluster();

    NodeHealth health();

    /** The cluster secrets this node knows. */
    ClusterKeys keys();

    /**
     * Waits until the node is ready to serve quorum calls.
     *
     * @return false if it was not ready in time; {@link #health()} says why
     */
    boolean awaitReady(Duration timeout) throws InterruptedException;

    /**
     * Takes this node out of the cluster without losing a copy: it owns nothing any more, hands over what it holds, and is
     * removed from the view. Blocks until then; the node may be closed afterwards. Interrupted or failed, the drain goes on:
     * {@link ClusterViews#cancelDrain} ends it.
     *
     * @param progress told about twice a second how many chunks and manifests some owner may lack yet
     * @throws PreconditionFailedException if fewer owners than copies would remain
     * @throws UnavailableException if the beginning could not be agreed
     */
    void drain(LongConsumer progress) throws KeplerException, InterruptedException;

    /**
     * Writes a consistent copy of this node's metadata into one new file, while everything goes on; returns when it is durable. It has
     * no chunks, and no node may be started with it: it does not know what was promised since. It is a source for
     * {@link Salvage}. It holds the cluster secrets: only its owner may read it.
     *
     * @param to where no file is yet, outside the data directory
     * @throws IOException if there is one, the place cannot be written, or this node keeps its metadata elsewhere
     */
    MetadataBackup backup(Path to) throws IOException;

    /**
     * Stops accepting, lets running calls end (5 s at most, and as long for HTTP requests), says good-bye to the peers and releases
     * everything. Calls that still run then, and later ones, fail; none is left waiting. The node stays a member and an owner: its
     * data is served again when it is started again. Closing twice is harmless.
     */
    @Override
    void close();
}
