package io.keplerfs.examples.console;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.BucketInfo;
import io.keplerfs.ClusterStatus;
import io.keplerfs.FileInfo;
import io.keplerfs.Member;
import io.keplerfs.Receipt;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.ViewStatus;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.Contact;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.Locale;

/** What {@code --json} prints. Names only ever get added, so that scripts go on working. */
public final class JsonShapes {
    private JsonShapes() {}

    public static JsonObject file(FileInfo file) {
        JsonObject object = new JsonObject();
        object.addProperty("bucket", file.bucket());
        object.addProperty("key", file.key());
        object.addProperty("sizeBytes", file.sizeBytes());
        object.addProperty("etag", file.etag());
        object.addProperty("contentType", file.contentType());
        object.addProperty("modifiedAt", file.modifiedAt().toString());
        JsonObject metadata = new JsonObject();
        file.metadata().forEach(metadata::addProperty);
        object.add("metadata", metadata);
        file.receipt().ifPresent(receipt -> object.add("receipt", receipt(receipt)));
        return object;
    }

    private static JsonObject receipt(Receipt receipt) {
        JsonObject object = new JsonObject();
        object.addProperty("durability", receipt.durability().word());
        object.addProperty("fsyncedCopies", receipt.fsyncedCopies());
        object.add("owners", ids(receipt.owners()));
        object.add("pending", ids(receipt.pending()));
        return object;
    }

    private static JsonArray ids(List<NodeId> nodes) {
        JsonArray array = new JsonArray();
        nodes.forEach(node -> array.add(node.toString()));
        return array;
    }

    public static JsonObject bucket(BucketInfo bucket) {
        JsonObject object = new JsonObject();
        object.addProperty("bucket", bucket.name());
        object.addProperty("createdAt", bucket.createdAt().toString());
        return object;
    }

    /** A folder of a listing with a delimiter. */
    public static JsonObject prefix(String bucket, String prefix) {
        JsonObject object = new JsonObject();
        object.addProperty("bucket", bucket);
        object.addProperty("prefix", prefix);
        return object;
    }

    public static JsonObject status(ClusterStatus status) {
        JsonObject object = new JsonObject();
        object.addProperty("self", status.self().toString());
        object.addProperty("clusterId", status.clusterId());
        object.addProperty("epoch", status.epoch());
        object.addProperty("settled", status.settled());
        object.addProperty("replicationFactor", status.replicationFactor());
        object.addProperty("queued", status.queued());
        object.addProperty("queuedCopies", status.queuedCopies());
        object.addProperty("localHealth", status.localHealth());
        JsonArray members = new JsonArray();
        status.members().forEach(member -> members.add(member(member)));
        object.add("members", members);
        return object;
    }

    public static JsonObject repair(RepairReport report) {
        JsonObject object = new JsonObject();
        JsonArray nodes = new JsonArray();
        report.nodes().forEach(node -> nodes.add(repair(node)));
        object.add("nodes", nodes);
        object.add("silent", ids(report.silent()));
        return object;
    }

    private static JsonObject repair(RepairStatus status) {
        JsonObject object = new JsonObject();
        object.addProperty("node", status.node().toString());
        object.addProperty("label", status.label());
        object.addProperty("underReplicatedChunks", status.underReplicatedChunks());
        object.addProperty("copiesLeft", status.copiesLeft());
        object.addProperty("bytesLeft", status.bytesLeft());
        object.addProperty("bandwidthBytesPerSecond", status.bandwidthBytesPerSecond());
        object.addProperty("trashBytes", status.trashBytes());
        object.addProperty("unreferencedBytes", status.unreferencedBytes());
        JsonArray backlog = new JsonArray();
        for (Backlog one : status.backlog()) {
            JsonObject shape = new JsonObject();
            shape.addProperty("priority", one.priority().word());
            shape.addProperty("tasks", one.tasks());
            shape.addProperty("chunks", one.chunks());
            shape.addProperty("bytes", one.bytes());
            backlog.add(shape);
        }
        object.add("backlog", backlog);
        JsonArray works = new JsonArray();
        status.works().forEach(work -> works.add(repair(work)));
        object.add("works", works);
        return object;
    }

    private static JsonObject repair(RepairWork work) {
        JsonObject object = new JsonObject();
        object.addProperty("name", work.name());
        object.addProperty("state", work.state().name().toLowerCase(Locale.ROOT));
        object.addProperty("done", work.done());
        object.addProperty("total", work.total());
        object.addProperty("doneBytes", work.doneBytes());
        object.addProperty("totalBytes", work.totalBytes());
        object.addProperty("bytesPerSecond", work.bytesPerSecond());
        object.addProperty("found", work.found());
        work.lastFinished().ifPresent(at -> object.addProperty("lastFinishedAt", at.toString()));
        work.remaining().ifPresent(left -> object.addProperty("remainingSeconds", left.toSeconds()));
        return object;
    }

    public static JsonObject view(ViewStatus view) {
        JsonObject object = new JsonObject();
        object.addProperty("epoch", view.epoch());
        object.addProperty("settled", view.settled());
        object.addProperty("replicationFactor", view.replicationFactor());
        object.addProperty("forcedEpoch", view.forcedEpoch());
        JsonArray members = new JsonArray();
        view.members().forEach(member -> members.add(viewMember(member)));
        object.add("members", members);
        object.add("departed", ids(view.departed()));
        return object;
    }

    private static JsonObject viewMember(ViewStatus.Member member) {
        JsonObject object = new JsonObject();
        object.addProperty("id", member.id().toString());
        object.addProperty("label", member.label());
        object.addProperty("zone", member.zone());
        object.addProperty("weight", member.weight());
        object.addProperty("state", member.state().name().toLowerCase(Locale.ROOT));
        object.addProperty("leftToHandOver", member.leftToHandOver());
        return object;
    }

    public static JsonObject member(Member member) {
        JsonObject object = new JsonObject();
        object.addProperty("id", member.id().toString());
        object.addProperty("label", member.label());
        object.addProperty("zone", member.zone());
        object.addProperty("weight", member.weight());
        object.add("address", address(member.address()));
        object.addProperty("state", word(member));
        object.addProperty("incarnation", member.incarnation());
        object.addProperty("owner", member.owner());
        object.addProperty("ringShare", member.ringShare());
        object.addProperty("chunks", member.chunks());
        object.addProperty("bytesUsed", member.bytesUsed());
        member.contact().ifPresent(contact -> object.add("contact", contact(contact)));
        return object;
    }

    private static JsonObject contact(Contact contact) {
        JsonObject object = new JsonObject();
        object.addProperty("sinceHeardMillis", contact.sinceHeard().toMillis());
        contact.roundTrip().ifPresent(time -> object.addProperty("roundTripMicros", time.toNanos() / 1_000));
        return object;
    }

    public static JsonObject address(NodeAddress address) {
        JsonObject object = new JsonObject();
        object.addProperty("host", address.host());
        object.addProperty("httpPort", address.httpPort());
        object.addProperty("gossipPort", address.gossipPort());
        object.addProperty("transferPort", address.transferPort());
        return object;
    }

    private static String word(Member member) {
        return member.state().name().toLowerCase(Locale.ROOT);
    }
}
