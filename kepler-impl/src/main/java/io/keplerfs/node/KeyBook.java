package io.keplerfs.node;

import io.keplerfs.ClusterKeys;
import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Store;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The cluster secrets of this node: durable in its store first, in effect afterwards. Any thread. */
final class KeyBook implements ClusterKeys {
    private static final Logger log = LoggerFactory.getLogger(KeyBook.class);
    private static final long STORE_SECONDS = 30;

    private final Store store;
    private final List<String> configured;

    /** Guards what follows, and keeps the order of record and effect. */
    private final Object lock = new Object();

    private KeyRecord record;
    private Map<String, String> known;
    private Consumer<Keyring> effect = ring -> {};

    private KeyBook(Store store, List<String> configured, KeyRecord record) {
        this.store = store;
        this.configured = configured;
        this.record = record;
        this.known = record.known(configured);
    }

    /**
     * @param configured secrets of the options, the first to be used if nothing else was chosen since it came first
     */
    static KeyBook open(Store store, List<String> configured) throws IOException {
        KeyRecord stored = await(store.read(KeyRecord::read));
        KeyRecord started = stored.startedWith(configured);
        if (!started.equals(stored)) {
            await(store.write(tables -> {
                started.write(tables);
                return true;
            }));
        }
        if (!started.removed().isEmpty()) {
            log.info(
                    "configured cluster secrets {} stay removed, as they were at run time; change CLUSTER_SECRET to {}",
                    started.removed(),
                    started.known(configured).keySet());
        }
        return new KeyBook(store, configured, started);
    }

    Keyring ring() {
        synchronized (lock) {
            return new Keyring(List.copyOf(known.values()));
        }
    }

    /** The ring of now, and every change from now on, goes there. */
    void onChange(Consumer<Keyring> newEffect) {
        synchronized (lock) {
            effect = newEffect;
            newEffect.accept(ring());
        }
    }

    @Override
    public List<Key> list() {
        synchronized (lock) {
            return known.keySet().stream().map(this::key).toList();
        }
    }

    private Key key(String fingerprint) {
        return new Key(
                fingerprint,
                known.keySet().iterator().next().equals(fingerprint),
                record.configured().contains(fingerprint));
    }

    @Override
    public Key add(String secret) throws IOException {
        if (secret.length() < Keyring.MIN_SECRET_CHARACTERS) {
            throw new IllegalArgumentException("the new secret has " + secret.length() + " characters, at least "
                    + Keyring.MIN_SECRET_CHARACTERS + " are needed");
        }
        String fingerprint = Keyring.fingerprint(secret);
        synchronized (lock) {
            if (known.isEmpty()) {
                throw new IllegalStateException("this node was started without a cluster secret and cannot begin to "
                        + "seal while others do not: stop all nodes and start them with CLUSTER_SECRET");
            }
            if (!secret.equals(known.getOrDefault(fingerprint, secret))) {
                throw new IllegalArgumentException(
                        "another secret has the same fingerprint " + fingerprint + ": choose another");
            }
            if (!known.containsKey(fingerprint)) {
                become(record.with(secret), "added " + fingerprint);
            }
            return key(fingerprint);
        }
    }

    @Override
    public void use(String fingerprint) throws IOException {
        synchronized (lock) {
            if (!known.containsKey(fingerprint)) {
                throw new IllegalArgumentException(
                        "no secret " + fingerprint + " is known here, only " + known.keySet() + ": add it first");
            }
            if (!key(fingerprint).primary()) {
                become(record.using(fingerprint), "now uses " + fingerprint);
            }
        }
    }

    @Override
    public void remove(String fingerprint) throws IOException {
        synchronized (lock) {
            if (!known.containsKey(fingerprint)) {
                return;
            }
            if (key(fingerprint).primary()) {
                throw new IllegalArgumentException("secret " + fingerprint
                        + " is the one this node uses: use another first, here and on every other node");
            }
            become(record.without(fingerprint), "removed " + fingerprint);
        }
    }

    private void become(KeyRecord next, String what) throws IOException {
        Map<String, String> nextKnown = next.known(configured);
        // Refuses what would be too many, before anything is written.
        Keyring ring = new Keyring(List.copyOf(nextKnown.values()));
        await(store.write(tables -> {
            next.write(tables);
            return true;
        }));
        record = next;
        known = nextKnown;
        effect.accept(ring);
        log.info(
                "cluster secrets: {}; sealing with {}, accepting {}",
                what,
                list().get(0).fingerprint(),
                known.keySet());
    }

    private static <T> T await(CompletableFuture<T> work) throws IOException {
        try {
            return work.get(STORE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the cluster secrets were stored; they may have been", interrupted);
        } catch (ExecutionException failed) {
            throw new IOException("the cluster secrets cannot be stored: " + failed.getCause(), failed.getCause());
        } catch (TimeoutException slow) {
            throw new IOException(
                    "the disk has not stored the cluster secrets within " + STORE_SECONDS + " s; it may still do so",
                    slow);
        }
    }
}
