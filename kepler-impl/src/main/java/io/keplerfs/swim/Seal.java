package io.keplerfs.swim;

import io.keplerfs.wire.MalformedMessageException;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The envelope of every datagram and every stream: encrypts and authenticates when the cluster has a secret. Safe for any thread.
 *
 * <pre>
 * 0  u8 'K'
 * 1  u8 1, version of the format
 * 2  u8 key id: 0 = not sealed, the letter follows as it is; else the key that sealed it
 * 3  12 random bytes, the nonce
 * 15 AES-256-GCM of the letter, its 16-byte tag at the end; the first three bytes are authenticated too
 * </pre>
 *
 * The key is HKDF-SHA256 of the secret. Its id (1 to 255) is derived from the secret as well, so that all nodes agree on it; a
 * keyring would hold several and open with whichever is named. Random nonces are safe for 2^32 messages of one key: three
 * years of a ten-node cluster.
 */
final class Seal {
    private static final int HEADER_BYTES = 3;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;
    static final int OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

    private static final byte MAGIC = 'K';
    private static final byte VERSION = 1;
    private static final byte NOT_SEALED = 0;
    private static final String LABEL = "keplerfs gossip v1";

    private final @Nullable SecretKeySpec key;
    private final byte keyId;
    private final SecureRandom nonces;

    /**
     * @param secret empty: nothing is sealed, and what is sealed is refused
     */
    Seal(String secret, SecureRandom nonces) {
        this.nonces = nonces;
        if (secret.isEmpty()) {
            key = null;
            keyId = NOT_SEALED;
        } else {
            byte[] extracted = hmac(utf8(LABEL), utf8(secret));
            key = new SecretKeySpec(hmac(extracted, utf8("aes-256-gcm\u0001")), "AES");
            keyId = (byte) (1 + (hmac(extracted, utf8("key id\u0001"))[0] & 0xff) % 255);
        }
    }

    byte[] close(byte[] letter) {
        byte[] header = {MAGIC, VERSION, keyId};
        if (key == null) {
            byte[] open = Arrays.copyOf(header, HEADER_BYTES + letter.length);
            System.arraycopy(letter, 0, open, HEADER_BYTES, letter.length);
            return open;
        }
        byte[] nonce = new byte[NONCE_BYTES];
        nonces.nextBytes(nonce);
        byte[] closed = Arrays.copyOf(header, OVERHEAD_BYTES + letter.length);
        System.arraycopy(nonce, 0, closed, HEADER_BYTES, NONCE_BYTES);
        try {
            cipher(Cipher.ENCRYPT_MODE, key, closed)
                    .doFinal(letter, 0, letter.length, closed, HEADER_BYTES + NONCE_BYTES);
        } catch (GeneralSecurityException notThisJvm) {
            throw new IllegalStateException("this JVM cannot seal with AES-GCM", notThisJvm);
        }
        return closed;
    }

    /**
     * Throws {@link BrokenSealException} if it was not sealed with our secret, or sealed and we have none, and
     * {@link MalformedMessageException} if it is no envelope at all.
     */
    byte[] open(byte[] bytes) throws BrokenSealException {
        if (bytes.length < HEADER_BYTES || bytes[0] != MAGIC || bytes[1] != VERSION) {
            throw new MalformedMessageException(bytes.length + " bytes that are not gossip of version " + VERSION);
        }
        if (bytes[2] != keyId) {
            throw new BrokenSealException(
                    "key id is " + (bytes[2] & 0xff) + ", ours is " + (keyId & 0xff) + " (0 = no secret)");
        }
        if (key == null) {
            return Arrays.copyOfRange(bytes, HEADER_BYTES, bytes.length);
        }
        if (bytes.length < OVERHEAD_BYTES) {
            throw new BrokenSealException("a sealed letter of only " + bytes.length + " bytes");
        }
        try {
            int start = HEADER_BYTES + NONCE_BYTES;
            return cipher(Cipher.DECRYPT_MODE, key, bytes).doFinal(bytes, start, bytes.length - start);
        } catch (GeneralSecurityException forged) {
            throw new BrokenSealException("sealed with another secret, or damaged");
        }
    }

    private static Cipher cipher(int mode, SecretKeySpec key, byte[] envelope) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * Byte.SIZE, envelope, HEADER_BYTES, NONCE_BYTES));
        cipher.updateAAD(envelope, 0, HEADER_BYTES);
        return cipher;
    }

    private static byte[] hmac(byte[] key, byte[] message) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(message);
        } catch (GeneralSecurityException notThisJvm) {
            throw new IllegalStateException("this JVM has no HmacSHA256", notThisJvm);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Not from a node that knows our secret. Expected on any open port. */
    static final class BrokenSealException extends Exception {
        @Serial
        private static final long serialVersionUID = 1L;

        BrokenSealException(String message) {
            super(message);
        }
    }
}
