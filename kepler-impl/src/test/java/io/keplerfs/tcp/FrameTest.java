package io.keplerfs.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.wire.MalformedMessageException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {
    private static final int MUTANTS = 100_000;

    private final ByteArrayOutputStream wire = new ByteArrayOutputStream();
    private final FrameWriter writer = new FrameWriter(Channels.newChannel(wire), () -> {});

    @Test
    void theBytesAreThoseOfTheDrawing() throws Exception {
        writer.add(
                FrameHeader.Type.REQUEST, 0x0102030405060708L, message(new byte[] {0x31, 0x32}, new byte[] {(byte) 0xff
                }));
        writer.flush();

        // The checksum was computed by an independent CRC-32C over the 20 bytes before it and the head.
        assertThat(HexFormat.of().formatHex(wire.toByteArray()))
                .isEqualTo("01000000" + "0102030405060708" + "00000002" + "00000001" + "38e816f3" + "3132" + "ff");
    }

    @ParameterizedTest
    @CsvSource({"0,0", "1,0", "0,1", "100,65536", "65536,100", "5000,4194304", "4194304,300000"})
    void whatIsWrittenIsRead(int headBytes, int bodyBytes) throws Exception {
        byte[] head = random(headBytes);
        byte[] body = random(bodyBytes);
        for (int id = 0; id < 3; id++) {
            writer.add(FrameHeader.Type.ANSWER, id, message(head, body));
        }
        writer.flush();

        FrameReader reader = reader(wire.toByteArray(), Lane.BULK);
        for (int id = 0; id < 3; id++) {
            FrameHeader header = reader.next();
            assertThat(header.callId()).isEqualTo(id);
            assertThat(header.type()).isEqualTo(FrameHeader.Type.ANSWER);
            assertThat(Arrays.equals(reader.head(header), head)).isTrue();
            byte[] read = new byte[bodyBytes];
            reader.read(read, bodyBytes);
            assertThat(Arrays.equals(read, body)).isTrue();
        }
        assertThat(reader.next()).isNull();
    }

    @Test
    void onlyWhatLiesBetweenPositionAndLimitIsWrittenAndPositionsStay() throws Exception {
        ByteBuffer body = ByteBuffer.wrap(random(300_000), 5, 200_000);
        Message message = new Message(ByteBuffer.wrap(new byte[] {1, 2, 3}, 1, 1), body);

        writer.add(FrameHeader.Type.REQUEST, 1, message);
        writer.flush();

        assertThat(body.position()).isEqualTo(5);
        assertThat(message.head().position()).isEqualTo(1);
        FrameReader reader = reader(wire.toByteArray(), Lane.BULK);
        FrameHeader header = reader.next();
        assertThat(reader.head(header)).containsExactly(2);
        byte[] read = new byte[200_000];
        reader.read(read, read.length);
        assertThat(ByteBuffer.wrap(read)).isEqualTo(body);
    }

    @Test
    void aSkippedBodyLeavesTheNextFrameWhole() throws Exception {
        writer.add(FrameHeader.Type.ANSWER, 1, message(random(10), random(1_000_000)));
        writer.add(FrameHeader.Type.ANSWER, 2, message(random(10), random(10)));
        writer.flush();

        FrameReader reader = reader(wire.toByteArray(), Lane.BULK);
        FrameHeader first = reader.next();
        reader.head(first);
        reader.skip(first.bodyBytes());

        assertThat(reader.next().callId()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "BULK, 1, 4194305, 0", "BULK, 1, -1, 0", "BULK, 1, 0, 67108865", "BULK, 2, 0, -1", "CONTROL, 1, 4194304, 1",
        "CONTROL, 2, 1, 4194304", "CONTROL, 2, 2147483647, 2147483647", "BULK, 3, 4097, 0", "BULK, 3, 1, 1",
                "BULK, 0, 1, 1",
        "BULK, 4, 1, 1", "BULK, 255, 1, 1"
    })
    void lengthsAndTypesThatMayNotBeAreRefusedBeforeAnythingIsAllocated(Lane lane, int type, int head, int body) {
        ByteBuffer bytes = header(type, head, body);

        assertThatThrownBy(() -> reader(bytes.array(), lane).next()).isInstanceOf(MalformedMessageException.class);
    }

    private static ByteBuffer header(int type, int head, int body) {
        return ByteBuffer.allocate(FrameHeader.BYTES)
                .putInt(type << 24)
                .putLong(1)
                .putInt(head)
                .putInt(body)
                .putInt(0);
    }

    @Test
    void theLargestLengthsOfEachLaneAreAllowed() {
        assertThat(FrameHeader.misfit(
                        Lane.BULK, message(new byte[Transport.MAX_HEAD_BYTES], new byte[Transport.MAX_BODY_BYTES])))
                .isNull();
        assertThat(FrameHeader.misfit(Lane.CONTROL, message(new byte[Transport.MAX_CONTROL_BYTES - 1], new byte[1])))
                .isNull();
        assertThat(FrameHeader.misfit(Lane.CONTROL, message(new byte[Transport.MAX_CONTROL_BYTES], new byte[1])))
                .contains("4194305");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 23, 24, 30, 60})
    void anEndInTheMiddleOfAFrameIsNoCleanEnd(int length) throws Exception {
        writer.add(FrameHeader.Type.REQUEST, 1, message(random(20), random(20)));
        writer.flush();

        assertThatThrownBy(() -> readAll(Arrays.copyOf(wire.toByteArray(), length), Lane.CONTROL))
                .isInstanceOf(EOFException.class);
    }

    @Test
    void aFlippedBitInHeaderOrHeadIsNoticed() throws Exception {
        writer.add(FrameHeader.Type.REQUEST, 77, message(random(40), new byte[0]));
        writer.flush();

        for (int bit = 0; bit < wire.size() * 8; bit++) {
            byte[] bytes = wire.toByteArray();
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> readAll(bytes, Lane.CONTROL))
                    .as("bit %s", bit)
                    .isInstanceOfAny(MalformedMessageException.class, EOFException.class);
        }
    }

    @Test
    void mutatedFramesAreReadOrRefusedAndNothingElse() throws Exception {
        long seed = Long.getLong("seed", 20260729L);
        Random random = new Random(seed);
        for (int i = 0; i < 5; i++) {
            writer.add(
                    FrameHeader.Type.values()[i % 3],
                    i,
                    message(random(random.nextInt(200)), i % 3 == 2 ? new byte[0] : random(50)));
        }
        writer.flush();

        for (int round = 0; round < MUTANTS; round++) {
            byte[] bytes = mutated(wire.toByteArray(), random);
            try {
                readAll(bytes, random.nextBoolean() ? Lane.BULK : Lane.CONTROL);
            } catch (MalformedMessageException | EOFException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            } catch (IOException | RuntimeException wrong) {
                throw new AssertionError("seed " + seed + ", round " + round, wrong);
            }
        }
    }

    private static byte[] mutated(byte[] original, Random random) {
        byte[] bytes =
                Arrays.copyOf(original, random.nextInt(4) == 0 ? random.nextInt(original.length) : original.length);
        for (int i = random.nextInt(8); i >= 0 && bytes.length > 0; i--) {
            int at = random.nextBoolean() ? random.nextInt(bytes.length) : random.nextInt(Math.min(bytes.length, 24));
            bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 1 << random.nextInt(8));
        }
        return bytes;
    }

    /** As a connection does it, but bodies are skipped: nobody allocates for them before a call is known. */
    private static void readAll(byte[] bytes, Lane lane) throws IOException {
        FrameReader reader = reader(bytes, lane);
        for (FrameHeader header = reader.next(); header != null; header = reader.next()) {
            assertThat(header.headBytes()).isLessThanOrEqualTo(Transport.MAX_HEAD_BYTES);
            reader.head(header);
            reader.skip(header.bodyBytes());
        }
    }

    private static FrameReader reader(byte[] bytes, Lane lane) {
        ReadableByteChannel channel = Channels.newChannel(new ByteArrayInputStream(bytes));
        return new FrameReader(channel, lane, () -> {});
    }

    private static Message message(byte[] head, byte[] body) {
        return new Message(ByteBuffer.wrap(head), ByteBuffer.wrap(body));
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
