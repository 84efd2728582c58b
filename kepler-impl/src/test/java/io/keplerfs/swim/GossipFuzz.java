package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One production {@link Participant} with its {@link Post}, fed with spoilt packets. Time goes on a millisecond per packet, so
 * that whatever was let in also runs its course.
 */
final class GossipFuzz {
    private static final Optional<UUID> CLUSTER = Optional.of(new UUID(7, 7));
    private static final ClusterCard CARD = new ClusterCard(CLUSTER, 3, true, 3);
    private static final int FRIENDS = 8;
    private static final int PACKETS_OF_EACH_KIND = 20;

    /** More than any step of the protocol sends: a spoilt packet must not make this node an amplifier. */
    private static final int MAX_EFFECTS = 200;

    final Counters counters = new Counters();
    long packets;
    long letIn;
    long stateChanges;

    private final boolean sealed;
    private final SplittableRandom random;
    private final Post post;
    private final Participant participant;
    private final List<byte[]> originals = new ArrayList<>();
    private final Set<ByteBuffer> untouched = new HashSet<>();
    private long nowNanos = 1L << 40;
    private long incarnation;

    GossipFuzz(long seed, boolean sealed) {
        this.sealed = sealed;
        random = new SplittableRandom(seed);
        Keyring keys = sealed ? new Keyring(List.of("the right secret", "the next secret")) : Keyring.NONE;
        post = new Post(new Seal(keys, random.split()), new Refusals(counters, () -> nowNanos));
        MemberInfo self = Members.member(1);
        Membership.Local local = new Membership.Local(
                self,
                List.of("10.0.0.9:4000"),
                List.of(),
                keys,
                Network.LAN,
                Duration.ofSeconds(1),
                Duration.ofMillis(500),
                new Random(seed),
                Thread::new);
        SwimTimings timings = SwimTimings.of(local.network());
        participant = new Participant(local, timings, () -> CARD, post, Set.of(), nowNanos);
        participant.begin(nowNanos);
        incarnation = self.incarnation();
        makeFriends();
        recordPackets(keys);
    }

    /** So that there is something to spoil. */
    private void makeFriends() {
        for (int number = 2; number < 2 + FRIENDS; number++) {
            GossipMessage news = new GossipMessage.Gossip(Members.member(number), List.of());
            participant.receive(new Letter(CLUSTER, news), nowNanos);
        }
    }

    private void recordPackets(Keyring keys) {
        Seal first = new Seal(keys, random.split());
        Seal second = new Seal(new Keyring(keys.secrets().stream().skip(1).toList()), random.split());
        for (int i = 0; i < PACKETS_OF_EACH_KIND; i++) {
            for (GossipMessage message : GossipCodecTest.examples()) {
                Optional<UUID> cluster = random.nextInt(10) == 0 ? Optional.of(new UUID(8, 8)) : CLUSTER;
                byte[] packet = (random.nextBoolean() ? first : second).close(cluster, GossipCodec.encode(message));
                originals.add(packet);
                untouched.add(ByteBuffer.wrap(packet));
            }
        }
    }

    /** Sends that many spoilt packets; fails on whatever must not happen. */
    void run(long count) {
        PacketMutation[] mutations = PacketMutation.values();
        while (packets < count) {
            PacketMutation mutation = mutations[random.nextInt(mutations.length)];
            byte[] spoilt = mutation.of(any(), any(), random);
            if (!untouched.contains(ByteBuffer.wrap(spoilt))) {
                feed(spoilt, mutation);
            }
        }
    }

    private byte[] any() {
        return originals.get(random.nextInt(originals.size()));
    }

    private void feed(byte[] spoilt, PacketMutation mutation) {
        packets++;
        nowNanos += 1_000_000;
        Letter letter = post.unpack(spoilt, mutation);
        if (letter != null) {
            letIn++;
            assertThat(GossipCodec.decode(GossipCodec.encode(letter.message())))
                    .as("what is let in is a message that a node could have written")
                    .isEqualTo(letter.message());
            List<MemberInfo> before = sealed ? participant.members() : List.of();
            check(deliver(letter));
            stateChanges += sealed && !participant.members().equals(before) ? 1 : 0;
        }
        if (!sealed) {
            check(participant.tick(nowNanos));
        }
    }

    private List<Effect> deliver(Letter letter) {
        if (letter.message() instanceof GossipMessage.Packet && random.nextBoolean()) {
            return participant.receive(letter, nowNanos);
        } else if (letter.message() instanceof GossipMessage.Request) {
            return participant.answer(letter, nowNanos);
        }
        @Nullable Letter reply = letter.message() instanceof GossipMessage.Reply ? letter : null;
        GossipMessage.Request asked =
                new GossipMessage.Hello(participant.detector().self(), CARD);
        Endpoint there = Endpoint.of(Members.address(9));
        return participant.replied(new Effect.Exchange(there, asked), reply, nowNanos);
    }

    private void check(List<Effect> effects) {
        assertThat(effects).hasSizeLessThan(MAX_EFFECTS + participant.members().size());
        for (Effect effect : effects) {
            if (effect instanceof Effect.Send send) {
                assertThat(GossipCodec.packetBytes(send.packet())).isLessThanOrEqualTo(GossipCodec.MAX_PACKET_BYTES);
            }
        }
        MemberInfo self = participant.detector().self();
        assertThat(self.id()).isEqualTo(Members.id(1));
        assertThat(self.state()).as("nobody else makes this node leave").isEqualTo(MemberState.ALIVE);
        assertThat(self.incarnation()).isBetween(incarnation, GossipCodec.MAX_INCARNATION);
        incarnation = self.incarnation();
        assertThat(post.cluster()).isEqualTo(CLUSTER);
    }

    int members() {
        return participant.members().size();
    }

    /** In use after a collection. */
    static long heapBytes() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
