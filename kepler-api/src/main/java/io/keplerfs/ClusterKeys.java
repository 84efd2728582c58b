package io.keplerfs;

import java.io.IOException;
import java.util.List;

/**
 * The cluster secrets that one running node knows, and how they are changed while everything runs: {@link #add} the new one on
 * every node, then {@link #use} it on every node, then {@link #remove} the old one on every node. Between two steps every node
 * must have done the one before, or nodes refuse each other.
 *
 * <p>A change is durable when the call returns and survives restarts. Secrets given by {@link KeplerOptions} are accepted as well,
 * and the later word counts: a new first secret in the options becomes the primary at the next start; a restart with the same
 * options keeps what was chosen here.
 *
 * <p>Safe for use by several threads; every method but {@link #list} waits for the disk.
 */
public interface ClusterKeys {
    /**
     * One secret, without telling it.
     *
     * @param fingerprint eight hexadecimal digits, the same on every node that knows the secret
     * @param primary whether this node seals and proves with it; exactly one does
     * @param configured whether the options name it; else it was added at run time
     */
    record Key(String fingerprint, boolean primary, boolean configured) {}

    /** The primary first; empty if the node was started without a secret. */
    List<Key> list();

    /**
     * From now on what is sealed or proven with the secret is accepted. Adding a known one changes nothing.
     *
     * @throws IllegalArgumentException if it has fewer than 12 characters, or there are too many
     * @throws IllegalStateException if the node was started without any: sealing cannot begin while others do not seal
     * @throws IOException if it cannot be made durable; nothing has changed
     */
    Key add(String secret) throws IOException;

    /**
     * Makes a known secret the primary.
     *
     * @throws IllegalArgumentException if no such secret is known
     * @throws IOException if it cannot be made durable; nothing has changed
     */
    void use(String fingerprint) throws IOException;

    /**
     * Forgets a secret: new connections and packets with it are refused from now on. If the options name it, it stays forgotten
     * until they change. Removing an unknown one changes nothing.
     *
     * @throws IllegalArgumentException if it is the primary
     * @throws IOException if it cannot be made durable; nothing has changed
     */
    void remove(String fingerprint) throws IOException;
}
