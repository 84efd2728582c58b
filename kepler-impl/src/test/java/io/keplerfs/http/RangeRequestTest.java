package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RangeRequestTest {
    @Test
    void aRangeThatJoinsTwoOthersMergesAllThree() {
        RangeRequest request = RangeRequest.parse("bytes=50-59, 10-19, 70-79, 18-52", 100);

        assertThat(request.ranges()).containsExactly(new ByteRange(10, 50), new ByteRange(70, 10));
    }

    @Test
    void noHeaderIsTheWholeFile() {
        assertThat(RangeRequest.parse(null, 10).heeded()).isFalse();
    }

    /** Against a naive model: the same bytes, each once, whatever is asked for. */
    @Test
    void mergedRangesCoverWhatWasAskedForAndNothingTwice() {
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            BitSet wanted = new BitSet();
            StringBuilder header = new StringBuilder("bytes=");
            int count = 1 + random.nextInt(20);
            for (int i = 0; i < count; i++) {
                int first = random.nextInt(100);
                int last = first + random.nextInt(15);
                header.append(i == 0 ? "" : ",").append(first).append('-').append(last);
                wanted.set(first, last + 1);
                wanted.clear(90, 200);
            }

            BitSet sent = new BitSet();
            int total = 0;
            for (ByteRange range : RangeRequest.parse(header.toString(), 90).ranges()) {
                sent.set((int) range.first(), (int) range.end());
                total += (int) range.length();
            }

            assertThat(sent).as("seed %d: %s", seed, header).isEqualTo(wanted);
            assertThat(total).as("seed %d: %s", seed, header).isEqualTo(wanted.cardinality());
        }
    }
}
