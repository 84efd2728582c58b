package io.keplerfs.register;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.register.RegisterAnswer.Denial;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RegisterCodecTest {
    private static final RegisterKey KEY = new RegisterKey("photos", 3, "köln.jpg");
    private static final Ballot BALLOT = new Ballot(77L << 16, new NodeId(new UUID(1, 2)));
    private static final VersionId ID = new VersionId(new UUID(3, 4));
    private static final byte[] BYTES = {1, 2, 3};

    private static final List<RegisterRequest> REQUESTS = List.of(
            new RegisterRequest.Prepare(6, KEY, BALLOT, ID),
            new RegisterRequest.Accept(6, KEY, BALLOT, BYTES, new Ballot(BALLOT.time() + 1, BALLOT.node())),
            new RegisterRequest.Query(6, KEY, true),
            new RegisterRequest.Page(6, "photos", List.of(0, 300), "k", "kö", "/", 1000, true, List.of()),
            new RegisterRequest.Page(6, "photos", List.of(0, 300), "", "", "", 2, false, List.of("a", "b")));

    private static final List<RegisterAnswer> ANSWERS = List.of(
            new RegisterAnswer.Promised(BALLOT, true, BYTES, true, 9, 41),
            new RegisterAnswer.Accepted(),
            new RegisterAnswer.Refused(BALLOT, Ballot.ZERO),
            new RegisterAnswer.Stale(4),
            new RegisterAnswer.Behind(4),
            new RegisterAnswer.Unfit("why"),
            new RegisterAnswer.Found(BALLOT, false, true, BYTES),
            new RegisterAnswer.Found(BALLOT, true, false, new byte[0]),
            new RegisterAnswer.Rows(true, List.of(new RegisterAnswer.Row(3, "k", BALLOT, BYTES))));

    @Test
    void everyRequestSurvives() {
        for (RegisterRequest request : REQUESTS) {
            WireReader in = reader(request.encode());
            assertThat(in.u8()).isEqualTo(request.kind().code());
            assertThat(RegisterRequest.read(request.kind(), in))
                    .usingRecursiveComparison()
                    .isEqualTo(request);
        }
    }

    @Test
    void everyAnswerSurvives() {
        for (RegisterAnswer answer : ANSWERS) {
            assertThat(RegisterAnswer.read(reader(answer.encode())))
                    .usingRecursiveComparison()
                    .isEqualTo(answer);
        }
    }

    @Test
    void noMessageIsMissingHere() {
        assertThat(REQUESTS.stream().map(Object::getClass))
                .hasSameElementsAs(List.of(RegisterRequest.class.getPermittedSubclasses()));
        assertThat(ANSWERS.stream().map(Object::getClass).distinct())
                .containsExactlyInAnyOrderElementsOf(Stream.concat(
                                Arrays.stream(RegisterAnswer.class.getPermittedSubclasses()),
                                Arrays.stream(Denial.class.getPermittedSubclasses()))
                        .filter(type -> !type.isInterface())
                        .toList());
    }

    @Test
    void aMessageWithBytesMissingOrTooManyIsMalformed() {
        for (RegisterAnswer answer : ANSWERS) {
            byte[] whole = new byte[answer.encode().head().remaining()];
            answer.encode().head().get(whole);
            for (int length = 0; length < whole.length; length++) {
                byte[] cut = Arrays.copyOf(whole, length);
                assertThatThrownBy(() -> RegisterAnswer.read(new WireReader(cut)))
                        .isInstanceOf(MalformedMessageException.class);
            }
            byte[] longer = Arrays.copyOf(whole, whole.length + 1);
            assertThatThrownBy(() -> RegisterAnswer.read(new WireReader(longer)))
                    .isInstanceOf(MalformedMessageException.class);
        }
    }

    @Test
    void theBytesOfAValueAreTheOnesDrawnInItsComment() {
        RegisterValue parent = RegisterValue.first(ID, 5, new Change.Write(new byte[0], true));
        RegisterValue value =
                parent.successor(new VersionId(new UUID(0, 9)), 6, new Change.Write(new byte[] {(byte) 0xab}, false));

        assertThat(HexFormat.of().formatHex(value.encode()))
                .isEqualTo("01" + "00" + "00000000000000000000000000000009" + "0000000000000006" + "0000000000000000"
                        + "01" + "00000000000000030000000000000004" + "0000000000000005" + "ab");
        assertThat(RegisterValue.decode(value.encode()))
                .usingRecursiveComparison()
                .isEqualTo(value);
        assertThat(RegisterValue.decode(parent.encode()).absent()).isTrue();
        assertThat(RegisterValue.decode(new byte[0])).isSameAs(RegisterValue.NONE);
        assertThat(RegisterValue.NONE.encode()).isEmpty();
    }

    @Test
    void aValueThatIsTooLargeOrOfAnUnknownFormatIsRefused() {
        byte[] large = new byte[RegisterValue.MAX_PAYLOAD_BYTES + 1];
        assertThatThrownBy(() -> RegisterValue.first(ID, 1, new Change.Write(large, false)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1048577");
        assertThatThrownBy(() -> RegisterValue.decode(new byte[] {9, 0, 1}))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("format 9");
    }

    private static WireReader reader(Message message) {
        return new WireReader(message.head());
    }
}
