package io.keplerfs.memory;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.Arrays;
import java.util.Comparator;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;

/** The tables as sorted maps, so that every iteration is the same in every run; owned by one {@link MemoryStore}'s order. */
final class MemoryTables {
    final NavigableMap<RegisterKey, RegisterRow> registers = new TreeMap<>();
    final NavigableMap<ChunkId, StoredBytes> chunks = new TreeMap<>();
    final NavigableMap<Reference, Pin> references = new TreeMap<>();
    final NavigableMap<TaskId, QueueRow> queue = new TreeMap<>();
    final NavigableMap<VersionId, UploadRow> uploads = new TreeMap<>();
    final NavigableMap<IntentId, IntentRow> intents = new TreeMap<>();
    final NavigableMap<NodeId, MemberInfo> peers = new TreeMap<>();
    final NavigableMap<String, byte[]> settings = new TreeMap<>();

    /** A live chunk. */
    record StoredBytes(ChunkId id, byte[] bytes) {
        ChunkRow row() {
            return new ChunkRow(id, bytes.length, ChunkRow.State.LIVE);
        }
    }

    /** Identity of a pin; all of one chunk lie together. */
    record Reference(ChunkId chunk, VersionId upload) implements Comparable<Reference> {
        static final VersionId LOWEST = new VersionId(new UUID(0, 0));
        static final VersionId HIGHEST = new VersionId(new UUID(-1, -1));

        @Override
        public int compareTo(Reference other) {
            int byChunk = chunk.compareTo(other.chunk);
            return byChunk != 0 ? byChunk : upload.compareTo(other.upload);
        }
    }

    /** Identity of a task of the replication queue. */
    record TaskId(String kind, byte[] id, NodeId target) implements Comparable<TaskId> {
        private static final Comparator<TaskId> ORDER = Comparator.comparing(TaskId::kind)
                .thenComparing(TaskId::id, Arrays::compareUnsigned)
                .thenComparing(TaskId::target);

        static TaskId of(QueueRow task) {
            return new TaskId(task.kind(), task.id(), task.target());
        }

        @Override
        public int compareTo(TaskId other) {
            return ORDER.compare(this, other);
        }
    }

    /** Identity of an intent; all of one register lie together. */
    record IntentId(RegisterKey key, VersionId id) implements Comparable<IntentId> {
        @Override
        public int compareTo(IntentId other) {
            int byKey = key.compareTo(other.key);
            return byKey != 0 ? byKey : id.compareTo(other.id);
        }
    }
}
