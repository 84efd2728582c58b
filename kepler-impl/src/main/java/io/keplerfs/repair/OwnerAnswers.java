package io.keplerfs.repair;

import io.keplerfs.repair.HeldChunks.Held;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the owners of some chunks said of them; owned by the loop. */
final class OwnerAnswers {
    private record Answer(boolean counts, Held held) {}

    private final Map<NodeId, Map<ChunkId, Answer>> byNode = new HashMap<>();

    /** @param counts whether the owner has read what the owners before it knew */
    void add(NodeId owner, List<ChunkId> chunks, List<Held> held, boolean counts) {
        Map<ChunkId, Answer> told = byNode.computeIfAbsent(owner, node -> new HashMap<>());
        for (int i = 0; i < chunks.size(); i++) {
            told.put(chunks.get(i), new Answer(counts, held.get(i)));
        }
    }

    /** @param counting only from owners that have read what the owners before them knew */
    List<Held> of(ChunkId chunk, List<NodeId> owners, boolean counting) {
        List<Held> held = new ArrayList<>();
        for (NodeId owner : owners) {
            Answer answer = byNode.getOrDefault(owner, Map.of()).get(chunk);
            if (answer != null && (answer.counts() || !counting)) {
                held.add(answer.held());
            }
        }
        return held;
    }

    /** Whether the owner said that its copy is LIVE, and that it knows all of these. */
    boolean holdsAll(NodeId owner, ChunkId chunk, List<Pin> pins) {
        Answer answer = byNode.getOrDefault(owner, Map.of()).get(chunk);
        return answer != null && answer.held().isLive() && pins.stream().allMatch(answer.held()::knows);
    }
}
