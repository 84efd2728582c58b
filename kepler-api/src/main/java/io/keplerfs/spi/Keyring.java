package io.keplerfs.spi;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The secrets of the cluster that a node knows. The first one is the primary: it seals what this node sends and proves who it
 * is; what was sealed or proven with any of them is accepted. Two nodes understand each other if each knows the other's primary,
 * which is what lets secrets be changed one node at a time.
 *
 * @param secrets the primary first; empty: nothing is sealed, and who has a secret is refused
 */
public record Keyring(List<String> secrets) {
    /** One in use, one to come, and some forgotten ones: each costs a try for every stranger who calls. */
    public static final int MAX_SECRETS = 8;

    /** Below it a secret can be guessed. */
    public static final int MIN_SECRET_CHARACTERS = 12;

    /** No secret at all. */
    public static final Keyring NONE = new Keyring(List.of());

    private static final int FINGERPRINT_BYTES = 4;
    private static final byte[] PURPOSE = "keplerfs key fingerprint:".getBytes(StandardCharsets.US_ASCII);

    /** Throws IllegalArgumentException for too many, an empty one, or two that cannot be told apart. */
    public Keyring {
        secrets = List.copyOf(secrets);
        if (secrets.size() > MAX_SECRETS) {
            throw new IllegalArgumentException(secrets.size() + " cluster secrets, at most " + MAX_SECRETS
                    + " are allowed: remove those that no node uses any more");
        }
        if (secrets.contains("")) {
            throw new IllegalArgumentException("a cluster secret is empty");
        }
        if (secrets.stream().map(Keyring::fingerprint).distinct().count() < secrets.size()) {
            throw new IllegalArgumentException("two cluster secrets are equal, or have the same fingerprint");
        }
    }

    /** Of one secret, or {@link #NONE} if it is empty. */
    public static Keyring of(String secret) {
        return secret.isEmpty() ? NONE : new Keyring(List.of(secret));
    }

    /**
     * Names a secret without telling it: eight hexadecimal digits, the same on every node. It also travels in clear with every
     * sealed packet. It is no protection for a secret that can be guessed.
     */
    public static String fingerprint(String secret) {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            hash.update(PURPOSE);
            byte[] hashed = hash.digest(secret.getBytes(StandardCharsets.UTF_8));
            String digits = HexFormat.of().formatHex(hashed, 0, FINGERPRINT_BYTES);
            // Zero says "not sealed" in a packet.
            return digits.equals("00000000") ? "00000001" : digits;
        } catch (GeneralSecurityException notThisJvm) {
            throw new IllegalStateException("this JVM has no SHA-256", notThisJvm);
        }
    }

    public boolean isEmpty() {
        return secrets.isEmpty();
    }

    /** The secret to seal with; empty if there is none. */
    public Optional<String> primary() {
        return secrets.stream().findFirst();
    }

    /** Whether this node would understand one that holds the other ring: it knows its primary, or neither has any. */
    public boolean accepts(Keyring other) {
        return other.isEmpty() ? isEmpty() : secrets.contains(other.secrets.get(0));
    }

    /** Fingerprints only. */
    @Override
    public String toString() {
        return "Keyring" + secrets.stream().map(Keyring::fingerprint).toList();
    }
}
