package io.keplerfs.swim;

/**
 * Which counters of one run were seen: a bit for each of the last {@value #WIDTH}; what is older counts as seen (RFC 6479's way).
 * One thread at a time.
 */
final class ReplayWindow {
    /**
     * A node seals a handful of envelopes a second, bursts aside, and one on a connection may take ten seconds longer than a
     * datagram sealed after it: far fewer than this. Minutes later it has passed on.
     */
    static final int WIDTH = 1024;

    private final long[] seen = new long[WIDTH / Long.SIZE];
    private long highest;

    /** Marks the counter; false if it was marked before, is too old, or is none. */
    boolean first(long counter) {
        if (counter <= 0 || counter <= highest - WIDTH) {
            return false;
        }
        if (counter > highest) {
            long gone = Math.min(counter - highest, WIDTH);
            for (long back = 0; back < gone; back++) {
                seen[word(counter - back)] &= ~bit(counter - back);
            }
            highest = counter;
        }
        boolean first = (seen[word(counter)] & bit(counter)) == 0;
        seen[word(counter)] |= bit(counter);
        return first;
    }

    private static int word(long counter) {
        return (int) (counter % WIDTH) / Long.SIZE;
    }

    private static long bit(long counter) {
        return 1L << (counter % Long.SIZE);
    }
}
