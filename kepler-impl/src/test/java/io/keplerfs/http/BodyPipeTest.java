package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BodyPipeTest {
    private final AtomicInteger roomAgain = new AtomicInteger();
    private final BodyPipe pipe = new BodyPipe(4096, roomAgain::incrementAndGet);

    @Test
    void bytesComeOutAsTheyWentIn() throws IOException {
        give(new byte[] {1, 2, 3});
        give(new byte[] {-1});
        pipe.end();

        assertThat(pipe.read()).isEqualTo(1);
        assertThat(pipe.readAllBytes()).containsExactly(2, 3, -1);
        assertThat(pipe.read()).isEqualTo(-1);
    }

    @Test
    void aFullPipeAsksForMoreOnlyWhenHalfOfItIsTaken() throws IOException {
        give(new byte[2048]);
        assertThat(pipe.full()).isFalse();
        give(new byte[2048]);
        assertThat(pipe.full()).isTrue();

        pipe.readNBytes(2047);
        assertThat(roomAgain).hasValue(0);
        pipe.readNBytes(1);
        assertThat(roomAgain).hasValue(1);
        assertThat(pipe.full()).isFalse();
    }

    @Test
    void tinyBuffersCountForWhatTheyReallyHold() {
        for (int i = 0; i < 4; i++) {
            give(new byte[1]);
        }

        assertThat(pipe.full()).isTrue();
    }

    @Test
    void aBodyThatBreaksOffFailsTheReaderAndFreesItsBuffers() {
        ByteBuf bytes = Unpooled.buffer().writeZero(10);
        pipe.accept(bytes);
        pipe.fail(new IOException("the client closed the connection"));

        assertThat(bytes.refCnt()).isEqualTo(1);
        assertThatThrownBy(() -> pipe.read(new byte[10], 0, 10))
                .isInstanceOf(IOException.class)
                .hasMessage("the client closed the connection after 10 bytes of the body");
        give(new byte[10]);
        pipe.end();
        assertThatThrownBy(pipe::read).as("it stays failed").isInstanceOf(IOException.class);
    }

    @Test
    void aFailureAfterTheEndChangesNothing() throws IOException {
        give(new byte[10]);
        pipe.end();
        pipe.fail(new IOException("late"));

        assertThat(pipe.readAllBytes()).hasSize(10);
    }

    @Test
    void anAbandonedPipeDropsWhatComesAndLetsTheConnectionGoOn() {
        ByteBuf bytes = Unpooled.buffer().writeZero(5000);
        pipe.accept(bytes);
        pipe.abandon();

        assertThat(bytes.refCnt()).isEqualTo(1);
        assertThat(roomAgain).hasValue(1);
        give(new byte[5000]);
        assertThat(pipe.full()).isFalse();
    }

    private void give(byte[] bytes) {
        ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
        pipe.accept(buffer);
        buffer.release();
    }
}
