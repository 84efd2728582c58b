package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.wire.MalformedMessageException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GossipCodecTest {
    private static final Optional<UUID> CLUSTER = Optional.of(new UUID(0xaaaa_bbbb_cccc_4dddL, 0x8eee_ffff_0000_1111L));
    private static final MemberInfo SENDER = Members.member(1, MemberState.ALIVE, 1_700_000_000_000L);
    private static final List<Claim> CLAIMS = List.of(
            Claim.of(Members.member(2)),
            Members.accusation(3, MemberState.SUSPECT, 8, 2),
            Members.accusation(4, MemberState.DEAD, 9, 1),
            new Claim(Members.member(6, MemberState.DEAD, 11), Members.id(1), 1_439),
            Claim.of(Members.member(5, MemberState.LEFT, 10)));

    /** At least one of each kind. */
    static List<GossipMessage> examples() {
        return List.of(
                new GossipMessage.Ping(SENDER, -5, Members.id(2), CLAIMS),
                new GossipMessage.Ping(SENDER.withState(MemberState.LEFT), 0, Members.id(2), List.of()),
                new GossipMessage.Ack(SENDER, Long.MAX_VALUE, Members.id(1), CLAIMS),
                new GossipMessage.PingRequest(SENDER, 7, Members.id(2), Members.address(2), 60_000, CLAIMS),
                new GossipMessage.Nack(SENDER, 7, Members.id(2)),
                new GossipMessage.Gossip(SENDER, CLAIMS),
                new GossipMessage.Sync(SENDER, 5, CLAIMS),
                new GossipMessage.SyncReply(SENDER, List.of()),
                new GossipMessage.Hello(SENDER, new ClusterCard(Optional.empty(), 0, false, 1)),
                new GossipMessage.HelloReply(SENDER, new ClusterCard(CLUSTER, 300, true, 3)),
                new GossipMessage.Compare(SENDER, new Digest().sums()),
                new GossipMessage.CompareReply(SENDER, -2));
    }

    @Test
    void everyKindOfMessageSurvivesTheWire() {
        for (GossipMessage message : examples()) {
            assertThat(GossipCodec.decode(GossipCodec.encode(message))).isEqualTo(message);
        }
    }

    @Test
    void noKindOfMessageIsMissingAbove() {
        Set<Class<?>> kinds = new LinkedHashSet<>();
        collectKinds(GossipMessage.class, kinds);

        assertThat(examples().stream().map(Object::getClass)).containsAll(kinds);
        assertThat(kinds).hasSize(11);
    }

    private static void collectKinds(Class<?> type, Set<Class<?>> kinds) {
        if (type.isSealed()) {
            Arrays.stream(type.getPermittedSubclasses()).forEach(permitted -> collectKinds(permitted, kinds));
        } else {
            kinds.add(type);
        }
    }

    /** The bytes of docs/formats.md: a change of the format must change both, and the version in {@link Seal}. */
    @Test
    void theBytesAreThoseOfTheDocument() {
        MemberInfo sender =
                new MemberInfo(Members.id(1), "a", "z", 3, new NodeAddress("h", 1, 4000, 5), 258, MemberState.ALIVE);
        byte[] letter = GossipCodec.encode(new GossipMessage.Nack(sender, 7, Members.id(2)));
        byte[] envelope = new Seal(Keyring.NONE, new Random(1)).close(CLUSTER, letter);

        assertThat(HexFormat.of().formatHex(envelope))
                .isEqualTo("4b" + "02" + "00000000" + "aaaabbbbcccc4ddd8eeeffff00001111"
                        + "04"
                        + "11112222333340008000000000000001" + "0161" + "017a" + "03"
                        + "0168" + "01" + "a01f" + "05" + "0000000000000102" + "00"
                        + "0000000000000007"
                        + "11112222333340008000000000000002");
    }

    @Test
    void theSizeOfAPacketIsKnownBeforeItIsSealed() {
        for (GossipMessage message : examples()) {
            int sealed = Seal.OVERHEAD_BYTES + GossipCodec.encode(message).length;

            assertThat(GossipCodec.packetBytes(message)).isEqualTo(sealed);
        }
    }

    @Test
    void theLargestMemberLeavesRoomForNewsInEveryPacket() {
        MemberInfo largest = new MemberInfo(
                Members.id(1),
                "l".repeat(63),
                "\uFFFD".repeat(63),
                100,
                new NodeAddress("h".repeat(253), 65535, 65535, 65535),
                GossipCodec.MAX_INCARNATION,
                MemberState.DEAD);
        GossipMessage.PingRequest bare = new GossipMessage.PingRequest(
                largest.withState(MemberState.ALIVE), 1, Members.id(2), Members.address(2), 60_000, List.of());

        assertThat(GossipCodec.packetBytes(bare) + GossipCodec.claimBytes(new Claim(largest, Members.id(3))))
                .isLessThanOrEqualTo(GossipCodec.MAX_PACKET_BYTES);
    }

    @Test
    void whatNoNodeWouldSayIsMalformed() {
        refused(SENDER.withState(MemberState.SUSPECT), "cannot call itself SUSPECT");
        refused(with("", "z", 1, 4000, 1), "label");
        refused(with("two words", "z", 1, 4000, 1), "label");
        refused(with("l".repeat(64), "z", 1, 4000, 1), "label");
        refused(with("l", "z".repeat(64), 1, 4000, 1), "zone");
        refused(with("l", "line\nbreak", 1, 4000, 1), "zone");
        refused(with("l", "z", 0, 4000, 1), "weight");
        refused(with("l", "z", 101, 4000, 1), "weight");
        refused(with("l", "z", 1, 0, 1), "gossip port");
        refused(with("l", "z", 1, 4000, -1), "incarnation");
        refused(with("l", "z", 1, 4000, GossipCodec.MAX_INCARNATION + 1), "incarnation");
    }

    private static MemberInfo with(String label, String zone, int weight, int gossipPort, long incarnation) {
        return new MemberInfo(
                Members.id(1),
                label,
                zone,
                weight,
                new NodeAddress("h", 0, gossipPort, 0),
                incarnation,
                MemberState.ALIVE);
    }

    private static void refused(MemberInfo sender, String why) {
        byte[] bytes = GossipCodec.encode(new GossipMessage.Gossip(sender, List.of()));

        assertThatThrownBy(() -> GossipCodec.decode(bytes))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining(why);
    }

    @Test
    void aWaitWithoutEndIsMalformed() {
        byte[] bytes = GossipCodec.encode(
                new GossipMessage.PingRequest(SENDER, 1, Members.id(2), Members.address(2), 60_001, List.of()));

        assertThatThrownBy(() -> GossipCodec.decode(bytes)).isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void nothingButMalformedComesOfDamagedBytes() {
        Random random = new Random(20_240_607);
        List<byte[]> seeds = new ArrayList<>();
        examples().forEach(message -> seeds.add(GossipCodec.encode(message)));
        int parsed = 0;
        for (int i = 0; i < 100_000; i++) {
            byte[] bytes = damage(seeds.get(random.nextInt(seeds.size())), random);
            try {
                GossipMessage message = GossipCodec.decode(bytes);
                parsed++;
                GossipCodec.encode(message);
            } catch (MalformedMessageException expected) {
                // The only way out.
            }
        }
        assertThat(parsed)
                .as("some mutations must be harmless, or the fuzzer tests only the first byte")
                .isPositive();
    }

    private static byte[] damage(byte[] healthy, Random random) {
        byte[] bytes =
                Arrays.copyOf(healthy, random.nextInt(4) == 0 ? random.nextInt(healthy.length + 8) : healthy.length);
        for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }
}
