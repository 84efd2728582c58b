package io.keplerfs.swim;

import io.keplerfs.spi.Keyring;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * The envelope of every datagram and every stream: encrypts and authenticates when the cluster has a secret, and opens each
 * sealed one once. Safe for any thread.
 *
 * <pre>
 * 0  u8 'K'
 * 1  u8 2, version of the format
 * 2  u32 key id: 0 = not sealed; else the fingerprint of the secret that sealed it
 * 6  uuid cluster the sender is in, 0 = none
 * 22 the letter, if it is not sealed. If it is:
 * 22 16 bytes, the run of the sender: drawn when it started
 * 38 u64 counter: 1 for the first envelope of the run, one more for each that follows
 * 46 AES-256-GCM of the letter, its 16-byte tag at the end; all that comes before it is authenticated too
 * </pre>
 *
 * <p>Each run seals with a key of its own, derived from secret and run; the nonce is the counter. So no nonce ever repeats for a
 * key, however many nodes send and however often they restart, even from a copied or restored data directory. What a run has
 * sealed is accepted once: see {@link Runs}.
 */
final class Seal {
    static final byte MAGIC = 'K';
    static final byte VERSION = 2;

    /** What an envelope adds to the letter when it is sealed, and when not. */
    static final int OVERHEAD_BYTES = 62;

    static final int OPEN_OVERHEAD_BYTES = 22;

    private static final int KEY_ID_AT = 2;
    private static final int CLUSTER_AT = 6;
    private static final int RUN_AT = OPEN_OVERHEAD_BYTES;
    private static final int COUNTER_AT = RUN_AT + 2 * Long.BYTES;
    private static final int SEALED_AT = COUNTER_AT + Long.BYTES;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int NOT_SEALED = 0;
    private static final UUID NO_CLUSTER = new UUID(0, 0);

    private final UUID run;
    private final AtomicLong sealed = new AtomicLong();
    private final Runs runs;
    private volatile Keys keys;

    /** The keys of this moment; {@code own} seals, unless there is none. */
    private record Keys(List<SealKey> all, @Nullable SecretKey own) {
        @Nullable
        SealKey find(int id) {
            return all.stream().filter(key -> key.id() == id).findFirst().orElse(null);
        }
    }

    /** An envelope that was opened. */
    record Opened(Optional<UUID> cluster, byte[] letter) {}

    /**
     * @param keys empty: nothing is sealed, and what is sealed is refused
     * @param random unpredictable and unique to this run: two runs that draw the same would break the cipher
     */
    Seal(Keyring keys, RandomGenerator random) {
        this(keys, random, Runs.MAX_RUNS);
    }

    Seal(Keyring keys, RandomGenerator random, int mostRuns) {
        run = new UUID(random.nextLong(), random.nextLong());
        runs = new Runs(mostRuns);
        this.keys = derive(keys);
    }

    /** From now on. */
    void use(Keyring newKeys) {
        keys = derive(newKeys);
    }

    private Keys derive(Keyring ring) {
        List<SealKey> all = ring.secrets().stream().map(SealKey::of).toList();
        return new Keys(all, all.isEmpty() ? null : all.get(0).forRun(run));
    }

    byte[] close(Optional<UUID> cluster, byte[] letter) {
        Keys now = keys;
        UUID id = cluster.orElse(NO_CLUSTER);
        boolean seals = now.own != null;
        ByteBuffer envelope = ByteBuffer.allocate((seals ? OVERHEAD_BYTES : OPEN_OVERHEAD_BYTES) + letter.length)
                .put(MAGIC)
                .put(VERSION)
                .putInt(seals ? now.all.get(0).id() : NOT_SEALED)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits());
        if (now.own == null) {
            return envelope.put(letter).array();
        }
        envelope.putLong(run.getMostSignificantBits())
                .putLong(run.getLeastSignificantBits())
                .putLong(sealed.incrementAndGet());
        byte[] bytes = envelope.array();
        try {
            cipher(Cipher.ENCRYPT_MODE, now.own, bytes).doFinal(letter, 0, letter.length, bytes, SEALED_AT);
        } catch (GeneralSecurityException notThisJvm) {
            throw new IllegalStateException("this JVM cannot seal with AES-GCM", notThisJvm);
        }
        return bytes;
    }

    /** Throws {@link RefusedException} if it is no envelope, was not sealed with a secret of ours, or was opened before. */
    Opened open(byte[] bytes) throws RefusedException {
        if (bytes.length < OPEN_OVERHEAD_BYTES || bytes[0] != MAGIC || bytes[1] != VERSION) {
            throw new RefusedException(
                    Refusal.MALFORMED, bytes.length + " bytes that are not gossip of version " + VERSION);
        }
        Keys now = keys;
        ByteBuffer envelope = ByteBuffer.wrap(bytes);
        int keyId = envelope.getInt(KEY_ID_AT);
        byte[] letter = keyId == NOT_SEALED && now.own == null
                ? Arrays.copyOfRange(bytes, OPEN_OVERHEAD_BYTES, bytes.length)
                : unseal(bytes, knownKey(now, keyId));
        UUID cluster = new UUID(envelope.getLong(CLUSTER_AT), envelope.getLong(CLUSTER_AT + Long.BYTES));
        return new Opened(cluster.equals(NO_CLUSTER) ? Optional.empty() : Optional.of(cluster), letter);
    }

    private static SealKey knownKey(Keys keys, int keyId) throws RefusedException {
        SealKey key = keyId == NOT_SEALED ? null : keys.find(keyId);
        if (key == null) {
            throw new RefusedException(
                    Refusal.BROKEN_SEAL,
                    (keyId == NOT_SEALED ? "it is not sealed" : "it was sealed with key " + SealKey.text(keyId))
                            + " and this node has "
                            + (keys.all.isEmpty()
                                    ? "no secret"
                                    : keys.all.stream()
                                            .map(known -> SealKey.text(known.id()))
                                            .toList()));
        }
        return key;
    }

    private byte[] unseal(byte[] bytes, SealKey key) throws RefusedException {
        if (bytes.length < OVERHEAD_BYTES) {
            throw new RefusedException(Refusal.BROKEN_SEAL, "a sealed letter of only " + bytes.length + " bytes");
        }
        ByteBuffer envelope = ByteBuffer.wrap(bytes);
        UUID sender = new UUID(envelope.getLong(RUN_AT), envelope.getLong(RUN_AT + Long.BYTES));
        SecretKey cached = runs.key(sender, key.id());
        SecretKey runKey = cached == null ? key.forRun(sender) : cached;
        byte[] letter;
        try {
            letter = cipher(Cipher.DECRYPT_MODE, runKey, bytes).doFinal(bytes, SEALED_AT, bytes.length - SEALED_AT);
        } catch (GeneralSecurityException forged) {
            throw new RefusedException(Refusal.BROKEN_SEAL, "it was damaged or forged");
        }
        // Only now: a forged envelope must not use up the counter of a true one.
        long counter = envelope.getLong(COUNTER_AT);
        if (!runs.first(sender, counter, key.id(), runKey)) {
            throw new RefusedException(
                    Refusal.REPLAYED, "envelope " + counter + " of run " + sender + " was here before, or is too late");
        }
        return letter;
    }

    private static Cipher cipher(int mode, SecretKey key, byte[] envelope) throws GeneralSecurityException {
        byte[] nonce = new byte[NONCE_BYTES];
        System.arraycopy(envelope, COUNTER_AT, nonce, NONCE_BYTES - Long.BYTES, Long.BYTES);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
        cipher.updateAAD(envelope, 0, SEALED_AT);
        return cipher;
    }
}
