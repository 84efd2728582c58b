package io.keplerfs.sim;

import io.keplerfs.register.Registers;
import io.keplerfs.values.NodeId;
import org.jspecify.annotations.Nullable;

/** A node as its clients see it, through all its lives. */
interface SimHost {
    NodeId id();

    /** Counts the starts of this node: an operation begun in one life ends with it. */
    int lives();

    boolean isUp();

    /** What its clock shows. */
    long wallMillis();

    /** Null while the node is down, starting or of no use to clients. */
    @Nullable
    Registers registers();
}
