package io.keplerfs.client;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.keplerfs.BucketInfo;
import io.keplerfs.ChunkReport;
import io.keplerfs.ClusterStatus;
import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.ListPage;
import io.keplerfs.Member;
import io.keplerfs.Receipt;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.ViewStatus;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.Contact;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import okhttp3.Response;
import okio.BufferedSource;

/** The JSON of docs/http.md as values of the API. Unknown fields are left alone, so that gateways may be newer. */
final class Answers {
    /** A full page of the longest keys and metadata is about 40 MB. */
    private static final long MAX_BYTES = 64L << 20;

    private Answers() {}

    static FileInfo fileInfo(Response response) throws IOException {
        return parsed(response, Answers::fileInfo);
    }

    static ListPage listPage(Response response) throws IOException {
        return parsed(
                response,
                page -> new ListPage(
                        list(page, "files", Answers::fileInfo),
                        texts(page, "commonPrefixes"),
                        optional(page, "next").map(JsonElement::getAsString)));
    }

    static ConflictPage conflictPage(Response response) throws IOException {
        return parsed(
                response,
                page -> new ConflictPage(
                        list(page, "conflicts", Answers::conflict),
                        optional(page, "next").map(JsonElement::getAsString)));
    }

    private static Conflict conflict(JsonObject conflict) {
        return new Conflict(
                fileInfo(field(conflict, "loser").getAsJsonObject()),
                VersionId.parse(text(conflict, "winner")),
                Instant.parse(text(conflict, "detectedAt")));
    }

    static List<BucketInfo> buckets(Response response) throws IOException {
        return parsed(
                response,
                answer -> list(
                        answer,
                        "buckets",
                        bucket -> new BucketInfo(text(bucket, "name"), Instant.parse(text(bucket, "createdAt")))));
    }

    static ClusterStatus status(Response response) throws IOException {
        return parsed(
                response,
                status -> new ClusterStatus(
                        NodeId.parse(text(status, "self")),
                        text(status, "clusterId"),
                        field(status, "epoch").getAsLong(),
                        field(status, "settled").getAsBoolean(),
                        field(status, "replicationFactor").getAsInt(),
                        field(status, "queued").getAsLong(),
                        field(status, "queuedCopies").getAsLong(),
                        field(status, "localHealth").getAsInt(),
                        list(status, "members", Answers::member)));
    }

    static ViewStatus view(Response response) throws IOException {
        return parsed(
                response,
                view -> new ViewStatus(
                        field(view, "epoch").getAsLong(),
                        field(view, "settled").getAsBoolean(),
                        field(view, "replicationFactor").getAsInt(),
                        field(view, "forcedEpoch").getAsLong(),
                        list(view, "members", Answers::viewMember),
                        texts(view, "departed").stream().map(NodeId::parse).toList()));
    }

    static List<ChunkId> chunks(Response response) throws IOException {
        return parsed(
                response,
                answer -> texts(answer, "chunks").stream().map(ChunkId::parse).toList());
    }

    static RepairReport repair(Response response) throws IOException {
        return parsed(
                response,
                report -> new RepairReport(
                        list(report, "nodes", Answers::repairStatus),
                        texts(report, "silent").stream().map(NodeId::parse).toList()));
    }

    private static RepairStatus repairStatus(JsonObject status) {
        return new RepairStatus(
                NodeId.parse(text(status, "node")),
                text(status, "label"),
                list(status, "works", Answers::repairWork),
                list(status, "backlog", Answers::backlog),
                field(status, "bandwidthBytesPerSecond").getAsLong(),
                field(status, "trashBytes").getAsLong(),
                field(status, "unreferencedBytes").getAsLong());
    }

    private static Backlog backlog(JsonObject backlog) {
        return new Backlog(
                Priority.parse(text(backlog, "priority")),
                field(backlog, "tasks").getAsLong(),
                field(backlog, "chunks").getAsLong(),
                field(backlog, "bytes").getAsLong());
    }

    private static RepairWork repairWork(JsonObject work) {
        return new RepairWork(
                text(work, "name"),
                RepairWork.State.valueOf(text(work, "state").toUpperCase(Locale.ROOT)),
                field(work, "done").getAsLong(),
                field(work, "total").getAsLong(),
                field(work, "doneBytes").getAsLong(),
                field(work, "totalBytes").getAsLong(),
                field(work, "bytesPerSecond").getAsLong(),
                field(work, "found").getAsLong(),
                optional(work, "lastFinishedAt").map(at -> Instant.parse(at.getAsString())));
    }

    private static ViewStatus.Member viewMember(JsonObject member) {
        return new ViewStatus.Member(
                NodeId.parse(text(member, "id")),
                text(member, "label"),
                text(member, "zone"),
                field(member, "weight").getAsInt(),
                ViewStatus.State.valueOf(text(member, "state").toUpperCase(Locale.ROOT)),
                field(member, "leftToHandOver").getAsLong());
    }

    static List<Member> owners(Response response) throws IOException {
        return parsed(response, answer -> list(answer, "owners", Answers::member));
    }

    static ChunkReport chunk(Response response) throws IOException {
        return parsed(
                response,
                report -> new ChunkReport(
                        ChunkId.parse(text(report, "id")),
                        field(report, "epoch").getAsLong(),
                        field(report, "settled").getAsBoolean(),
                        list(report, "copies", Answers::copy)));
    }

    private static ChunkReport.Copy copy(JsonObject copy) {
        return new ChunkReport.Copy(
                NodeId.parse(text(copy, "node")),
                field(copy, "owner").getAsBoolean(),
                text(copy, "state"),
                text(copy, "why"),
                list(
                        copy,
                        "references",
                        need -> new ChunkReport.Need(
                                VersionId.parse(text(need, "upload")),
                                text(need, "bucket"),
                                text(need, "key"),
                                text(need, "state"),
                                Instant.parse(text(need, "since")))));
    }

    private static FileInfo fileInfo(JsonObject file) {
        return new FileInfo(
                text(file, "bucket"),
                text(file, "key"),
                field(file, "sizeBytes").getAsLong(),
                VersionId.parse(text(file, "version")),
                text(file, "contentType"),
                pairs(field(file, "metadata").getAsJsonObject()),
                Instant.parse(text(file, "modifiedAt")),
                optional(file, "receipt").map(receipt -> receipt(receipt.getAsJsonObject())));
    }

    private static Receipt receipt(JsonObject receipt) {
        return new Receipt(
                Durability.parse(text(receipt, "durability")),
                field(receipt, "fsyncedCopies").getAsInt(),
                texts(receipt, "owners").stream().map(NodeId::parse).toList(),
                texts(receipt, "pending").stream().map(NodeId::parse).toList());
    }

    private static Member member(JsonObject member) {
        return new Member(
                NodeId.parse(text(member, "id")),
                text(member, "label"),
                text(member, "zone"),
                field(member, "weight").getAsInt(),
                address(field(member, "address").getAsJsonObject()),
                MemberState.valueOf(text(member, "state").toUpperCase(Locale.ROOT)),
                field(member, "incarnation").getAsLong(),
                field(member, "owner").getAsBoolean(),
                field(member, "ringShare").getAsDouble(),
                field(member, "chunks").getAsLong(),
                field(member, "bytesUsed").getAsLong(),
                optional(member, "contact").map(contact -> contact(contact.getAsJsonObject())));
    }

    private static Contact contact(JsonObject contact) {
        return new Contact(
                Duration.ofMillis(field(contact, "sinceHeardMillis").getAsLong()),
                optional(contact, "roundTripMicros").map(micros -> Duration.of(micros.getAsLong(), ChronoUnit.MICROS)));
    }

    private static NodeAddress address(JsonObject address) {
        return new NodeAddress(
                text(address, "host"),
                field(address, "httpPort").getAsInt(),
                field(address, "gossipPort").getAsInt(),
                field(address, "transferPort").getAsInt());
    }

    /** Whatever the parser or a record refuses is one thing to the caller: a gateway that talks nonsense. */
    private static <T> T parsed(Response response, Function<JsonObject, T> parser) throws IOException {
        String json = text(response);
        try {
            return parser.apply(JsonParser.parseString(json).getAsJsonObject());
        } catch (RuntimeException unexpected) {
            ProtocolException nonsense =
                    new ProtocolException("the answer to " + response.request().method() + " "
                            + response.request().url() + " is not what docs/http.md says: " + unexpected.getMessage());
            nonsense.initCause(unexpected);
            throw nonsense;
        }
    }

    private static String text(Response response) throws IOException {
        BufferedSource body = response.body().source();
        if (body.request(MAX_BYTES + 1)) {
            throw new ProtocolException("the answer to " + response.request().url() + " has more than " + MAX_BYTES
                    + " bytes; ask for a smaller page");
        }
        return body.readUtf8();
    }

    private static JsonElement field(JsonObject object, String name) {
        return optional(object, name)
                .orElseThrow(() -> new IllegalArgumentException("the field '" + name + "' is missing"));
    }

    private static Optional<JsonElement> optional(JsonObject object, String name) {
        return Optional.ofNullable(object.get(name)).filter(value -> !value.isJsonNull());
    }

    private static String text(JsonObject object, String name) {
        return field(object, name).getAsString();
    }

    private static <T> List<T> list(JsonObject object, String name, Function<JsonObject, T> parser) {
        List<T> values = new ArrayList<>();
        for (JsonElement element : field(object, name).getAsJsonArray()) {
            values.add(parser.apply(element.getAsJsonObject()));
        }
        return values;
    }

    private static List<String> texts(JsonObject object, String name) {
        JsonArray array = field(object, name).getAsJsonArray();
        List<String> texts = new ArrayList<>(array.size());
        array.forEach(element -> texts.add(element.getAsString()));
        return texts;
    }

    private static Map<String, String> pairs(JsonObject object) {
        Map<String, String> pairs = new LinkedHashMap<>();
        object.entrySet()
                .forEach(pair -> pairs.put(pair.getKey(), pair.getValue().getAsString()));
        return pairs;
    }
}
