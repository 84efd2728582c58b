package io.keplerfs.memory;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Reference;
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
    final ReferenceTable references = new ReferenceTable();
    final NavigableMap<TaskId, QueueRow> queue = new TreeMap<>();
    final NavigableMap<VersionId, UploadRow> uploads = new TreeMap<>();
    final NavigableMap<IntentId, IntentRow> intents = new TreeMap<>();
    final NavigableMap<NodeId, MemberInfo> peers = new TreeMap<>();
    final NavigableMap<String, byte[]> settings = new TreeMap<>();

    /**
     * A chunk.
     *
     * @param sinceMillis since when it is in the trash; otherwise since when it has no live reference, 0 if it has one
     */
    record StoredBytes(ChunkId id, byte[] bytes, ChunkRow.State state, long sinceMillis) {
        ChunkRow row() {
            return new ChunkRow(id, bytes.length, state);
        }

        boolean isLive() {
            return state == ChunkRow.State.LIVE;
        }

        boolean isTrash() {
            return state == ChunkRow.State.TRASH;
        }

        /** Whether nobody needs it, and it is not in the trash yet. */
        boolean isUnreferenced() {
            return !isTrash() && sinceMillis > 0;
        }

        StoredBytes in(ChunkRow.State next, long millis) {
            return new StoredBytes(id, bytes, next, millis);
        }
    }

    /** Identity of a reference; all of one chunk lie together. */
    record ReferenceId(ChunkId chunk, VersionId upload) implements Comparable<ReferenceId> {
        static final VersionId LOWEST = new VersionId(new UUID(0, 0));
        private static final Comparator<ReferenceId> ORDER =
                Comparator.comparing(ReferenceId::chunk).thenComparing(ReferenceId::upload);

        static ReferenceId of(Reference reference) {
            return new ReferenceId(reference.chunk(), reference.pin().upload());
        }

        @Override
        public int compareTo(ReferenceId other) {
            return ORDER.compare(this, other);
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
