package io.keplerfs.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.BucketInfo;
import io.keplerfs.ChunkReport;
import io.keplerfs.ClusterStatus;
import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.FileInfo;
import io.keplerfs.ListPage;
import io.keplerfs.Member;
import io.keplerfs.NodeHealth;
import io.keplerfs.Receipt;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.Contact;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The JSON shapes of docs/http.md: names of the records, ids as text, absent optionals left out. */
final class Json {
    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private Json() {}

    /** ISO-8601 in UTC with exactly three decimals. */
    static String time(Instant instant) {
        return MILLIS.format(instant);
    }

    static JsonObject file(FileInfo file) {
        JsonObject json = new JsonObject();
        json.addProperty("bucket", file.bucket());
        json.addProperty("key", file.key());
        json.addProperty("sizeBytes", file.sizeBytes());
        json.addProperty("version", file.version().toString());
        json.addProperty("contentType", file.contentType());
        JsonObject metadata = new JsonObject();
        file.metadata().forEach(metadata::addProperty);
        json.add("metadata", metadata);
        json.addProperty("modifiedAt", time(file.modifiedAt()));
        file.receipt().ifPresent(receipt -> json.add("receipt", receipt(receipt)));
        return json;
    }

    private static JsonObject receipt(Receipt receipt) {
        JsonObject json = new JsonObject();
        json.addProperty("durability", receipt.durability().word());
        json.addProperty("fsyncedCopies", receipt.fsyncedCopies());
        json.add("owners", ids(receipt.owners()));
        json.add("pending", ids(receipt.pending()));
        return json;
    }

    private static JsonArray ids(Collection<NodeId> ids) {
        JsonArray json = new JsonArray();
        ids.forEach(id -> json.add(id.toString()));
        return json;
    }

    static JsonObject page(ListPage page) {
        JsonObject json = new JsonObject();
        json.add("files", array(page.files(), Json::file));
        JsonArray prefixes = new JsonArray();
        page.commonPrefixes().forEach(prefixes::add);
        json.add("commonPrefixes", prefixes);
        page.next().ifPresent(next -> json.addProperty("next", next));
        return json;
    }

    static JsonObject conflicts(ConflictPage page) {
        JsonObject json = new JsonObject();
        json.add("conflicts", array(page.conflicts(), Json::conflict));
        page.next().ifPresent(next -> json.addProperty("next", next));
        return json;
    }

    private static JsonObject conflict(Conflict conflict) {
        JsonObject json = new JsonObject();
        json.add("loser", file(conflict.loser()));
        json.addProperty("winner", conflict.winner().toString());
        json.addProperty("detectedAt", time(conflict.detectedAt()));
        return json;
    }

    static JsonObject buckets(List<BucketInfo> buckets) {
        JsonObject json = new JsonObject();
        json.add("buckets", array(buckets, Json::bucket));
        return json;
    }

    private static JsonObject bucket(BucketInfo bucket) {
        JsonObject json = new JsonObject();
        json.addProperty("name", bucket.name());
        json.addProperty("createdAt", time(bucket.createdAt()));
        return json;
    }

    static JsonObject status(ClusterStatus status) {
        JsonObject json = new JsonObject();
        json.addProperty("self", status.self().toString());
        json.addProperty("clusterId", status.clusterId());
        json.addProperty("epoch", status.epoch());
        json.addProperty("settled", status.settled());
        json.addProperty("replicationFactor", status.replicationFactor());
        json.addProperty("queued", status.queued());
        json.addProperty("queuedCopies", status.queuedCopies());
        json.addProperty("localHealth", status.localHealth());
        json.add("members", array(status.members(), Json::member));
        return json;
    }

    static JsonObject owners(List<Member> owners) {
        JsonObject json = new JsonObject();
        json.add("owners", array(owners, Json::member));
        return json;
    }

    static JsonObject chunks(List<ChunkId> chunks) {
        JsonObject json = new JsonObject();
        JsonArray ids = new JsonArray();
        chunks.forEach(id -> ids.add(id.toString()));
        json.add("chunks", ids);
        return json;
    }

    static JsonObject chunk(ChunkReport report) {
        JsonObject json = new JsonObject();
        json.addProperty("id", report.id().toString());
        json.addProperty("epoch", report.epoch());
        json.addProperty("settled", report.settled());
        json.add("copies", array(report.copies(), Json::copy));
        return json;
    }

    private static JsonObject copy(ChunkReport.Copy copy) {
        JsonObject json = new JsonObject();
        json.addProperty("node", copy.node().toString());
        json.addProperty("owner", copy.owner());
        json.addProperty("state", copy.state());
        json.addProperty("why", copy.why());
        json.add("references", array(copy.references(), Json::need));
        return json;
    }

    private static JsonObject need(ChunkReport.Need need) {
        JsonObject json = new JsonObject();
        json.addProperty("upload", need.upload().toString());
        json.addProperty("bucket", need.bucket());
        json.addProperty("key", need.key());
        json.addProperty("state", need.state());
        json.addProperty("since", time(need.since()));
        return json;
    }

    private static JsonObject member(Member member) {
        JsonObject json = new JsonObject();
        json.addProperty("id", member.id().toString());
        json.addProperty("label", member.label());
        json.addProperty("zone", member.zone());
        json.addProperty("weight", member.weight());
        json.add("address", address(member.address()));
        json.addProperty("state", member.state().name().toLowerCase(Locale.ROOT));
        json.addProperty("incarnation", member.incarnation());
        json.addProperty("owner", member.owner());
        json.addProperty("ringShare", member.ringShare());
        json.addProperty("chunks", member.chunks());
        json.addProperty("bytesUsed", member.bytesUsed());
        member.contact().ifPresent(contact -> json.add("contact", contact(contact)));
        return json;
    }

    private static JsonObject contact(Contact contact) {
        JsonObject json = new JsonObject();
        json.addProperty("sinceHeardMillis", contact.sinceHeard().toMillis());
        contact.roundTrip().ifPresent(time -> json.addProperty("roundTripMicros", time.toNanos() / 1_000));
        return json;
    }

    private static JsonObject address(NodeAddress address) {
        JsonObject json = new JsonObject();
        json.addProperty("host", address.host());
        json.addProperty("httpPort", address.httpPort());
        json.addProperty("gossipPort", address.gossipPort());
        json.addProperty("transferPort", address.transferPort());
        return json;
    }

    static JsonObject health(NodeHealth health) {
        JsonObject json = new JsonObject();
        json.addProperty("live", health.live());
        json.addProperty("ready", health.ready());
        json.addProperty("reason", health.reason());
        return json;
    }

    private static <T> JsonArray array(List<T> values, Function<T, JsonObject> shape) {
        JsonArray json = new JsonArray();
        values.forEach(value -> json.add(shape.apply(value)));
        return json;
    }
}
