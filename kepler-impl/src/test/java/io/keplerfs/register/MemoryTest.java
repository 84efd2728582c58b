package io.keplerfs.register;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MemoryTest {
    private static final Change.Write WRITE = new Change.Write(new byte[0], false);

    private static VersionId id(int number) {
        return new VersionId(new UUID(9, number));
    }

    private static RegisterValue value(int number) {
        return RegisterValue.first(id(number), number, WRITE);
    }

    private static Memory upTo(int last) {
        Memory memory = Memory.EMPTY;
        for (int i = 1; i <= last; i++) {
            memory = memory.voted(value(i));
        }
        return memory;
    }

    @Test
    void itRemembersAWriteAndItsAncestors() {
        Memory memory = Memory.EMPTY.voted(value(1).successor(id(2), 2, WRITE).successor(id(3), 3, WRITE));

        assertThat(memory.remembers(id(1))).isTrue();
        assertThat(memory.remembers(id(3))).isTrue();
        assertThat(memory.remembers(id(4))).isFalse();
        assertThat(memory.forgottenUpTo()).isZero();
    }

    @Test
    void whatNoLongerFitsIsForgottenOldestFirstAndThatIsSaid() {
        Memory memory = upTo(Memory.CAPACITY + 3);

        assertThat(memory.remembers(id(3))).isFalse();
        assertThat(memory.remembers(id(4))).isTrue();
        assertThat(memory.forgottenUpTo()).isEqualTo(3);
    }

    @Test
    void ancestorsThatAValueLeftOutAreForgottenToo() {
        RegisterValue value = value(1);
        for (int i = 2; i <= RegisterValue.MAX_ANCESTORS + 3; i++) {
            value = value.successor(id(i), i, WRITE);
        }

        assertThat(value.ancestors()).hasSize(RegisterValue.MAX_ANCESTORS);
        assertThat(value.forgottenUpTo()).isEqualTo(2);
        assertThat(Memory.EMPTY.voted(value).forgottenUpTo()).isEqualTo(2);
    }

    @Test
    void ownersWhoLearnedTheSameInAnotherOrderHaveEqualBytes() {
        Memory forward = upTo(20);
        Memory backward = Memory.EMPTY;
        for (int i = 20; i > 0; i--) {
            backward = backward.voted(value(i));
        }

        assertThat(backward.encode()).isEqualTo(forward.encode());
        assertThat(upTo(10).merged(upTo(20), false).encode()).isEqualTo(forward.encode());
        assertThat(upTo(200).merged(upTo(100), false)).isEqualTo(upTo(200));
    }

    @Test
    void theBytesSurviveAndStrangeOnesAreRefused() {
        Memory memory = upTo(100).merged(Memory.EMPTY, true);

        assertThat(Memory.decode(memory.encode())).isEqualTo(memory);
        assertThat(Memory.decode(new byte[0])).isEqualTo(Memory.EMPTY);
        assertThat(Memory.EMPTY.encode()).isEmpty();
        byte[] cut = java.util.Arrays.copyOf(memory.encode(), 40);
        assertThatThrownBy(() -> Memory.decode(cut)).isInstanceOf(MalformedMessageException.class);
        assertThatThrownBy(() -> Memory.decode(new byte[] {2, 0})).isInstanceOf(MalformedMessageException.class);
    }
}
