package io.keplerfs.replication;

import io.keplerfs.values.NodeId;

/** An owner has recorded the reference, but its disk has no room for the bytes now. */
final class NoRoomException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoRoomException(NodeId owner, ChunkRef chunk) {
        super("the disk of " + owner + " has no room for the " + chunk.sizeBytes() + " bytes of chunk " + chunk.id());
    }
}
