package io.keplerfs.tcp;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Peer;
import io.keplerfs.tcp.Greeting.Challenge;
import io.keplerfs.tcp.Greeting.Hello;
import io.keplerfs.tcp.Greeting.Verdict;
import io.keplerfs.tcp.Greeting.Welcome;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Both sides of the {@link Greeting}: who is there, and do we share the secret. The nonces of both sides make every proof good for
 * one connection, the role in it keeps a proof from being sent back to who made it. The caller proves with its primary secret;
 * the called node answers with whichever of its own that was.
 *
 * <p>Without a secret the ids are only claims: enough to notice another node behind an address, no protection.
 */
final class Handshake {
    private static final String ALGORITHM = "HmacSHA256";
    private static final byte[] PURPOSE = "keplerfs-transfer-1".getBytes(StandardCharsets.US_ASCII);

    private enum Role {
        CALLER(1),
        CALLED(2);

        private final byte code;

        Role(int code) {
            this.code = (byte) code;
        }
    }

    private final NodeId self;
    private final Supplier<Keyring> keys;
    private final SecureRandom random;

    /**
     * @param keys asked once per greeting: one greeting knows one ring
     */
    Handshake(NodeId self, Supplier<Keyring> keys, SecureRandom random) {
        this.self = self;
        this.keys = keys;
        this.random = random;
    }

    /** A caller that has proven itself; the called node has yet to say whether it has room for it. */
    record Guest(NodeId id, Lane lane, byte[] hmacOfCalled) {}

    /**
     * The side that opened the connection. Returns when the peer is who was meant and takes calls.
     *
     * @throws GreetingRefusedException if one of the two refuses the other
     * @throws MalformedMessageException if something else answers there
     */
    void call(ByteChannel channel, Peer peer, Lane lane) throws IOException {
        String secret = keys.get().primary().orElse("");
        Hello hello = new Hello(lane, !secret.isEmpty(), self, peer.id(), nonce());
        send(channel, hello.encode());
        Challenge challenge = Challenge.decode(receive(channel, Greeting.CHALLENGE_BYTES));
        if (challenge.version() != Greeting.VERSION) {
            throw refused(Verdict.OTHER_VERSION);
        }
        if (!challenge.called().equals(peer.id())) {
            throw new GreetingRefusedException("node " + challenge.called() + " answers there", false);
        }
        if (challenge.verdict() != Verdict.WELCOME) {
            throw refused(challenge.verdict());
        }
        send(channel, ByteBuffer.wrap(hmac(secret, Role.CALLER, hello, challenge)));
        Welcome welcome = Welcome.decode(receive(channel, Greeting.WELCOME_BYTES));
        if (welcome.verdict() != Verdict.WELCOME) {
            throw refused(welcome.verdict());
        }
        if (!MessageDigest.isEqual(welcome.hmac(), hmac(secret, Role.CALLED, hello, challenge))) {
            throw refused(Verdict.SECRET_DIFFERS);
        }
    }

    /**
     * The side that was called, up to the caller's proof; {@link #welcome} or {@link #turnAway} must follow.
     *
     * @throws GreetingRefusedException if the caller was refused; it has been told
     * @throws MalformedMessageException if it is no caller of ours; nothing was said to it
     */
    Guest receive(ByteChannel channel) throws IOException {
        ByteBuffer bytes = helloBytes(channel);
        int version = Greeting.start(bytes.duplicate());
        if (version != Greeting.VERSION) {
            challenge(channel, Verdict.OTHER_VERSION);
            throw new GreetingRefusedException(
                    "it speaks version " + version + " of the transfer protocol, this node " + Greeting.VERSION, true);
        }
        Hello hello = Hello.decode(bytes);
        Keyring ring = keys.get();
        Verdict verdict = judge(hello, ring);
        Challenge challenge = challenge(channel, verdict);
        if (verdict != Verdict.WELCOME) {
            throw turnedAway(hello, verdict);
        }
        byte[] proof = receive(channel, Greeting.HMAC_BYTES).array();
        for (String secret : ring.isEmpty() ? List.of("") : ring.secrets()) {
            if (MessageDigest.isEqual(proof, hmac(secret, Role.CALLER, hello, challenge))) {
                return new Guest(hello.caller(), hello.lane(), hmac(secret, Role.CALLED, hello, challenge));
            }
        }
        turnAway(channel, Verdict.SECRET_DIFFERS);
        throw turnedAway(hello, Verdict.SECRET_DIFFERS);
    }

    void welcome(ByteChannel channel, Guest guest) throws IOException {
        send(channel, new Welcome(Verdict.WELCOME, guest.hmacOfCalled()).encode());
    }

    void turnAway(ByteChannel channel, Verdict verdict) throws IOException {
        send(channel, new Welcome(verdict, new byte[Greeting.HMAC_BYTES]).encode());
    }

    /** Looks at the first bytes before it waits for the others: strangers send less than a hello. */
    private static ByteBuffer helloBytes(ByteChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Greeting.HELLO_BYTES).limit(Greeting.HELLO_START_BYTES);
        fill(channel, bytes);
        Greeting.start(bytes.duplicate().flip());
        fill(channel, bytes.limit(Greeting.HELLO_BYTES));
        return bytes.flip();
    }

    private Challenge challenge(ByteChannel channel, Verdict verdict) throws IOException {
        Challenge challenge = new Challenge(Greeting.VERSION, verdict, self, nonce());
        send(channel, challenge.encode());
        return challenge;
    }

    private Verdict judge(Hello hello, Keyring ring) {
        if (!hello.called().equals(self)) {
            return Verdict.OTHER_NODE;
        }
        if (hello.secret() == ring.isEmpty()) {
            return hello.secret() ? Verdict.SECRET_UNKNOWN : Verdict.SECRET_NEEDED;
        }
        return Verdict.WELCOME;
    }

    private static GreetingRefusedException refused(Verdict verdict) {
        return new GreetingRefusedException(
                verdict.wording(), verdict != Verdict.BUSY && verdict != Verdict.OTHER_NODE);
    }

    /** The verdicts are worded for the caller; here is the same from the other side. */
    private GreetingRefusedException turnedAway(Hello hello, Verdict verdict) {
        String why = switch (verdict) {
            case OTHER_NODE -> "it meant to call node " + hello.called();
            case SECRET_NEEDED -> "it has no cluster secret and this node has one: set CLUSTER_SECRET there";
            case SECRET_UNKNOWN -> "it has a cluster secret and this node has none: set CLUSTER_SECRET";
            default -> verdict.wording();
        };
        return new GreetingRefusedException("node " + hello.caller() + ": " + why, verdict != Verdict.OTHER_NODE);
    }

    private byte[] nonce() {
        byte[] nonce = new byte[Greeting.NONCE_BYTES];
        random.nextBytes(nonce);
        return nonce;
    }

    private static byte[] hmac(String secret, Role role, Hello hello, Challenge challenge) {
        if (secret.isEmpty()) {
            return new byte[Greeting.HMAC_BYTES];
        }
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM));
            mac.update(PURPOSE);
            mac.update(role.code);
            mac.update(Greeting.laneCode(hello.lane()));
            mac.update(hello.nonce());
            mac.update(challenge.nonce());
            mac.update(bytes(hello.caller()));
            mac.update(bytes(challenge.called()));
            return mac.doFinal();
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, missing);
        }
    }

    private static ByteBuffer bytes(NodeId node) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(node.uuid().getMostSignificantBits())
                .putLong(node.uuid().getLeastSignificantBits())
                .flip();
    }

    private static void send(ByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static ByteBuffer receive(ByteChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        fill(channel, bytes);
        return bytes.flip();
    }

    private static void fill(ByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("connection ended during the greeting");
            }
        }
    }
}
