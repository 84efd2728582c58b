package io.keplerfs;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Instant;
import java.util.List;

/**
 * Why a chunk is on the disks of its cluster, or when it goes.
 *
 * @param id which chunk
 * @param epoch of the view that says who owns it
 * @param settled false while ownership is moving: nothing is collected meanwhile
 * @param copies what each owner says, and every other member that holds something of it
 */
public record ChunkReport(ChunkId id, long epoch, boolean settled, List<Copy> copies) {
    public ChunkReport {
        copies = List.copyOf(copies);
    }

    /**
     * What one node says.
     *
     * @param node who
     * @param owner whether it must hold a copy
     * @param state live, trash, quarantine or none, and unknown if it did not answer
     * @param why in words: what keeps it, or what happens next and not before when
     * @param references who needs it, and who did until lately
     */
    public record Copy(NodeId node, boolean owner, String state, String why, List<Need> references) {
        public Copy {
            references = List.copyOf(references);
        }
    }

    /**
     * One reference.
     *
     * @param upload the upload that needs the chunk
     * @param bucket of its file
     * @param key of its file
     * @param state {@code intent}: not known to be committed; {@code ref}: committed; {@code dropped}: dead for good
     * @param since when the node recorded this state
     */
    public record Need(VersionId upload, String bucket, String key, String state, Instant since) {}
}
