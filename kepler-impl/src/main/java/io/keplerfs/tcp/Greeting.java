package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * The four messages that open a connection. All numbers are big-endian, all lengths fixed.
 *
 * <pre>
 * hello      caller → called, 72 bytes
 *   0   4  "KPLR"
 *   4   1  version of everything on this connection, 1
 *   5   1  lane: 0 control, 1 bulk
 *   6   1  1 if the caller has a cluster secret, 0 if not
 *   7   1  zero
 *   8  16  id of the caller
 *  24  16  id of the node it means to call
 *  40  32  nonce of the caller
 * challenge  called → caller, 56 bytes
 *   0   4  "KPLR"
 *   4   1  version, 1
 *   5   1  verdict, see {@link Verdict}; unless it is 0 the connection ends here
 *   6   2  zero
 *   8  16  id of the node called
 *  24  32  nonce of the node called
 * proof      caller → called, 32 bytes
 *   0  32  HMAC of the caller
 * welcome    called → caller, 40 bytes
 *   0   4  "KPLR"
 *   4   1  version, 1
 *   5   1  verdict; unless it is 0 the connection ends here
 *   6   2  zero
 *   8  32  HMAC of the node called, zeros if the verdict is not 0
 * </pre>
 *
 * An HMAC is HMAC-SHA256 with the cluster secret as key, over "keplerfs-transfer-1", the role (1 caller, 2 called), the lane,
 * both nonces and both ids, the caller's first; without a secret it is 32 zeros. The caller proves first, so that a stranger
 * who knocks learns nothing about the secret. A hello of any version has these lengths, so that any version can refuse it.
 */
final class Greeting {
    static final int MAGIC = 0x4b504c52;
    static final int VERSION = 1;
    private static final byte CONTROL_CODE = 0;
    private static final byte BULK_CODE = 1;
    static final int NONCE_BYTES = 32;
    static final int HMAC_BYTES = 32;
    /** Magic to zero byte: enough to turn away who speaks something else. */
    static final int HELLO_START_BYTES = 8;

    static final int HELLO_BYTES = 72;
    static final int CHALLENGE_BYTES = 56;
    static final int WELCOME_BYTES = 40;

    private Greeting() {}

    /** What the called node thinks of the caller. The wording is what the refused side logs. */
    enum Verdict {
        WELCOME(0, "welcome"),
        OTHER_VERSION(1, "it speaks another version of the transfer protocol than " + VERSION),
        OTHER_NODE(2, "another node answers there"),
        SECRET_NEEDED(3, "it has a cluster secret and this node has none: set CLUSTER_SECRET"),
        SECRET_UNKNOWN(4, "it has no cluster secret and this node has one: set CLUSTER_SECRET there"),
        SECRET_DIFFERS(5, "its cluster secret is another one: set the same CLUSTER_SECRET on every node"),
        BUSY(6, "it has too many connections");

        private final int code;
        private final String wording;

        Verdict(int code, String wording) {
            this.code = code;
            this.wording = wording;
        }

        String wording() {
            return wording;
        }

        private static Verdict of(int code) {
            for (Verdict verdict : values()) {
                if (verdict.code == code) {
                    return verdict;
                }
            }
            throw new MalformedMessageException("verdict " + code + " is not known");
        }
    }

    record Hello(Lane lane, boolean secret, NodeId caller, NodeId called, byte[] nonce) {
        ByteBuffer encode() {
            ByteBuffer bytes = ByteBuffer.allocate(HELLO_BYTES)
                    .putInt(MAGIC)
                    .put((byte) VERSION)
                    .put(laneCode(lane))
                    .put((byte) (secret ? 1 : 0))
                    .put((byte) 0);
            putNode(bytes, caller);
            putNode(bytes, called);
            return bytes.put(nonce).flip();
        }

        static Hello decode(ByteBuffer bytes) {
            start(bytes);
            int lane = bytes.get();
            int secret = bytes.get();
            int zero = bytes.get();
            if (lane < CONTROL_CODE || lane > BULK_CODE || secret < 0 || secret > 1 || zero != 0) {
                throw new MalformedMessageException("hello says lane " + lane + ", secret " + secret + ", " + zero);
            }
            return new Hello(
                    lane == BULK_CODE ? Lane.BULK : Lane.CONTROL,
                    secret == 1,
                    node(bytes),
                    node(bytes),
                    array(bytes, NONCE_BYTES));
        }
    }

    record Challenge(int version, Verdict verdict, NodeId called, byte[] nonce) {
        ByteBuffer encode() {
            ByteBuffer bytes = answer(CHALLENGE_BYTES, version, verdict);
            putNode(bytes, called);
            return bytes.put(nonce).flip();
        }

        static Challenge decode(ByteBuffer bytes) {
            int version = start(bytes);
            return new Challenge(version, readVerdict(bytes), node(bytes), array(bytes, NONCE_BYTES));
        }
    }

    record Welcome(Verdict verdict, byte[] hmac) {
        ByteBuffer encode() {
            return answer(WELCOME_BYTES, VERSION, verdict).put(hmac).flip();
        }

        static Welcome decode(ByteBuffer bytes) {
            start(bytes);
            return new Welcome(readVerdict(bytes), array(bytes, HMAC_BYTES));
        }
    }

    static byte laneCode(Lane lane) {
        return lane == Lane.CONTROL ? CONTROL_CODE : BULK_CODE;
    }

    /** Takes magic and version; refuses bytes of another protocol, quoting them. */
    static int start(ByteBuffer bytes) {
        int magic = bytes.getInt();
        if (magic != MAGIC) {
            throw new MalformedMessageException("it does not speak the transfer protocol: its first bytes are "
                    + String.format("%08x", magic) + (magic == 0x47455420 ? " (an HTTP GET)" : ""));
        }
        return bytes.get() & 0xff;
    }

    private static ByteBuffer answer(int length, int version, Verdict verdict) {
        return ByteBuffer.allocate(length)
                .putInt(MAGIC)
                .put((byte) version)
                .put((byte) verdict.code)
                .putShort((short) 0);
    }

    private static Verdict readVerdict(ByteBuffer bytes) {
        Verdict verdict = Verdict.of(bytes.get());
        if (bytes.getShort() != 0) {
            throw new MalformedMessageException("greeting has bytes that are not zero");
        }
        return verdict;
    }

    private static void putNode(ByteBuffer bytes, NodeId node) {
        bytes.putLong(node.uuid().getMostSignificantBits()).putLong(node.uuid().getLeastSignificantBits());
    }

    private static NodeId node(ByteBuffer bytes) {
        return new NodeId(new UUID(bytes.getLong(), bytes.getLong()));
    }

    private static byte[] array(ByteBuffer bytes, int length) {
        byte[] array = new byte[length];
        bytes.get(array);
        return array;
    }
}
