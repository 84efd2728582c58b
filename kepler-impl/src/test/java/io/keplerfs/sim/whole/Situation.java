package io.keplerfs.sim.whole;

import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.view.Ownership;
import io.keplerfs.wire.WireReader;
import java.util.List;
import java.util.stream.Collectors;

/** Where every node stands, in words, for the message of a failure. */
final class Situation {
    private Situation() {}

    static String of(List<WholeNode> nodes) {
        return nodes.stream()
                .map(node -> node.name()
                        + (node.destroyed ? " destroyed" : node.isServing() ? " up " : " down ")
                        + (node.destroyed
                                ? ""
                                : epochOf(node) + " queue "
                                        + node.onDisk(tables -> tables.due(null, Long.MAX_VALUE, 5).stream()
                                                .map(Situation::described)
                                                .toList())
                                        + " uploads " + node.onDisk(Store.Snapshot::uploads) + " intents "
                                        + node.onDisk(tables -> tables.intents((String) null))
                                                .size()))
                .collect(Collectors.joining("; "));
    }

    private static long epochOf(WholeNode node) {
        Ownership known = node.ownership();
        return known == null ? 0 : known.newest().epoch();
    }

    private static String described(QueueRow task) {
        WireReader id = new WireReader(task.id());
        boolean ofChunk = task.kind().equals("chunk") || task.kind().equals("move");
        return task.kind() + ">" + Wires.short4(task.target()) + " " + task.reason() + " x" + task.attempts()
                + (ofChunk
                        ? " " + id.chunk() + " +" + id.uint() + " of " + id.version() + " " + id.text() + "/"
                                + id.text()
                        : "");
    }
}
