package io.keplerfs.disk;

import java.io.IOException;
import java.util.List;

/**
 * How far a journal reaches.
 *
 * @param sequence the last group it has, 0 for none
 * @param complete whether it has every group up to that one, as far as can be told without reading all of it
 */
record JournalEnd(long sequence, boolean complete) {
    /** @param files those that count, oldest first */
    static JournalEnd of(List<JournalFile> files, long newestCheckpoint) throws IOException {
        boolean complete = true;
        for (int i = files.size() - 1; i >= 0; i--) {
            JournalFile file = files.get(i);
            if (file.whole()) {
                long last = file.finalSequence().orElse(0L);
                return new JournalEnd(last, complete && last > 0);
            }
            long[] last = {0};
            JournalFile.Reading reading = file.read((entry, at) -> {
                if (entry instanceof JournalEntry.Group group) {
                    last[0] = Math.max(last[0], group.sequence());
                }
            });
            complete &= reading.isWhole() && reading.header().orElseThrow().base() <= newestCheckpoint;
            if (last[0] > 0) {
                return new JournalEnd(last[0], complete);
            }
        }
        return new JournalEnd(0, complete);
    }
}
