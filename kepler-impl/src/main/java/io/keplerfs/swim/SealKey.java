package io.keplerfs.swim;

import io.keplerfs.spi.Keyring;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * One secret of the ring, ready for use: HKDF-SHA256 (RFC 5869) with the secret as input, one block of output for each run.
 *
 * @param id the {@link Keyring#fingerprint} as a number; never 0
 * @param extracted from the secret
 */
record SealKey(int id, SecretKeySpec extracted) {
    private static final String HMAC = "HmacSHA256";
    private static final byte[] SALT = "keplerfs gossip v2".getBytes(StandardCharsets.US_ASCII);

    static SealKey of(String secret) {
        byte[] extracted = mac(new SecretKeySpec(SALT, HMAC)).doFinal(secret.getBytes(StandardCharsets.UTF_8));
        return new SealKey(HexFormat.fromHexDigits(Keyring.fingerprint(secret)), new SecretKeySpec(extracted, HMAC));
    }

    /** What one run of one node seals with. */
    SecretKey forRun(UUID run) {
        Mac mac = mac(extracted);
        mac.update("aes-256-gcm".getBytes(StandardCharsets.US_ASCII));
        mac.update(ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(run.getMostSignificantBits())
                .putLong(run.getLeastSignificantBits())
                .flip());
        mac.update((byte) 1);
        return new SecretKeySpec(mac.doFinal(), "AES");
    }

    /** The id as operators know it. */
    static String text(int id) {
        return HexFormat.of().toHexDigits(id);
    }

    private static Mac mac(SecretKeySpec key) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            return mac;
        } catch (GeneralSecurityException notThisJvm) {
            throw new IllegalStateException("this JVM has no " + HMAC, notThisJvm);
        }
    }
}
