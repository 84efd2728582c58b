package io.keplerfs.swim;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Ways to spoil a packet: what a bad network, a broken peer and an attacker do to it. */
enum PacketMutation {
    FLIP_BITS {
        @Override
        byte[] of(byte[] packet, byte[] other, RandomGenerator random) {
            byte[] spoilt = packet.clone();
            for (int flips = 1 + random.nextInt(8); flips > 0; flips--) {
                spoilt[random.nextInt(spoilt.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return spoilt;
        }
    },
    TRUNCATE {
        @Override
        byte[] of(byte[] packet, byte[] other, RandomGenerator random) {
            return Arrays.copyOf(packet, random.nextInt(packet.length));
        }
    },
    EXTEND {
        @Override
        byte[] of(byte[] packet, byte[] other, RandomGenerator random) {
            byte[] longer = Arrays.copyOf(packet, packet.length + 1 + random.nextInt(64));
            for (int i = packet.length; i < longer.length; i++) {
                longer[i] = (byte) random.nextInt();
            }
            return longer;
        }
    },
    /** The beginning of one and the end of another. */
    SPLICE {
        @Override
        byte[] of(byte[] packet, byte[] other, RandomGenerator random) {
            return join(packet, random.nextInt(packet.length + 1), other, random.nextInt(other.length + 1));
        }
    },
    /** Lengths and counts are varints: huge ones, negative ones, endless ones. */
    LENGTHS {
        @Override
        byte[] of(byte[] packet, byte[] other, RandomGenerator random) {
            byte[] lying = packet.clone();
            byte[] length = LYING_LENGTHS.get(random.nextInt(LYING_LENGTHS.size()));
            int at = random.nextInt(lying.length);
            System.arraycopy(length, 0, lying, at, Math.min(length.length, lying.length - at));
            return lying;
        }
    },
    /** The header of one on the letter of another. */
    SWAP_HEADERS {
        @Override
        byte[] of(byte[] packet, byte[] other, RandomGenerator random) {
            int[] borders = {2, 6, Seal.OPEN_OVERHEAD_BYTES, 38, 46};
            int cut = borders[random.nextInt(borders.length)];
            return join(packet, Math.min(cut, packet.length), other, Math.min(cut, other.length));
        }
    },
    /** A few bytes that are worth trying wherever they fall. */
    OVERWRITE {
        @Override
        byte[] of(byte[] packet, byte[] other, RandomGenerator random) {
            byte[] spoilt = packet.clone();
            int at = random.nextInt(spoilt.length);
            int end = Math.min(spoilt.length, at + 1 + random.nextInt(16));
            Arrays.fill(spoilt, at, end, new byte[] {0, 1, 127, -128, -1}[random.nextInt(5)]);
            return spoilt;
        }
    };

    private static final List<byte[]> LYING_LENGTHS = List.of(
            new byte[] {0},
            new byte[] {(byte) 0x7f},
            new byte[] {(byte) 0xff, 0x01},
            new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x07},
            new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f},
            new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, 1});

    abstract byte[] of(byte[] packet, byte[] other, RandomGenerator random);

    private static byte[] join(byte[] head, int headBytes, byte[] tail, int tailFrom) {
        byte[] joined = Arrays.copyOf(head, headBytes + tail.length - tailFrom);
        System.arraycopy(tail, tailFrom, joined, headBytes, tail.length - tailFrom);
        return joined;
    }
}
