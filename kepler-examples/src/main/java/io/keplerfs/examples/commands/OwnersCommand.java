package io.keplerfs.examples.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.ChunkReport;
import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerCluster;
import io.keplerfs.Member;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.console.Table;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler owners}: who should hold a file, and who really does. */
@Command(
        name = "owners",
        description = "Shows who owns a file and each of its chunks, and who really holds them.",
        footer = {
            "",
            "LACKS: owners that say they have no good copy. SILENT: owners that do not answer.",
            "",
            "Example:",
            "  kepler owners reports/2026/q3.pdf"
        })
public final class OwnersCommand extends ClientCommand {
    private static final String LIVE = "live";
    private static final String UNKNOWN = "unknown";
    private static final int MOST = 1000;

    @Parameters(paramLabel = "BUCKET/KEY", description = "The file.")
    private FilePath path = new FilePath("", "");

    @Option(names = "--from", paramLabel = "PLACE", description = "Place of the first chunk shown. Default: 0.")
    private long from;

    @Option(names = "--limit", paramLabel = "COUNT", description = "Chunks shown at most, up to 1000. Default: 100.")
    private int limit = 100;

    public OwnersCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        path.requireKey();
        if (from < 0 || limit < 1 || limit > MOST) {
            throw new IllegalArgumentException(
                    "--from is at least 0 and --limit 1 to " + MOST + ", not " + from + " and " + limit);
        }
    }

    /** @param members labels by id */
    private record Found(List<Member> owners, List<ChunkReport> chunks, Map<NodeId, String> members) {}

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        List<ChunkReport> chunks = new ArrayList<>();
        List<ChunkId> ids = cluster.chunks(path.bucket(), path.key(), from, limit);
        for (ChunkId id : ids) {
            chunks.add(cluster.chunk(id));
        }
        ClusterStatus status = cluster.status();
        Found found = new Found(
                cluster.ringOwners(path.bucket(), path.key()),
                chunks,
                status.members().stream().collect(Collectors.toMap(Member::id, Member::label)));
        output.result(() -> text(found), () -> asJson(found));
        return ExitCode.OK;
    }

    private String text(Found found) {
        String manifest =
                "manifest  " + found.owners().stream().map(Member::label).collect(Collectors.joining(", "));
        if (found.chunks().isEmpty()) {
            return manifest + (from == 0 ? "\nno chunks: the content lies inside the manifest" : "\nno more chunks");
        }
        Table table = new Table("CHUNK", "HASH", "HELD BY", "LACKS", "SILENT", "ALSO ON");
        for (int i = 0; i < found.chunks().size(); i++) {
            ChunkReport chunk = found.chunks().get(i);
            table.row(
                    Long.toString(from + i),
                    chunk.id().toString().substring(0, 16),
                    names(found, chunk, copy -> copy.owner() && copy.state().equals(LIVE)),
                    names(found, chunk, copy -> copy.owner() && !isLiveOrSilent(copy)),
                    names(found, chunk, copy -> copy.owner() && copy.state().equals(UNKNOWN)),
                    names(found, chunk, copy -> !copy.owner() && copy.state().equals(LIVE)));
        }
        String more = found.chunks().size() < limit ? "" : "\nperhaps more: --from " + (from + limit);
        return manifest + "\n" + table + more;
    }

    private static boolean isLiveOrSilent(ChunkReport.Copy copy) {
        return copy.state().equals(LIVE) || copy.state().equals(UNKNOWN);
    }

    private static String names(Found found, ChunkReport chunk, Predicate<ChunkReport.Copy> wanted) {
        String names = chunk.copies().stream()
                .filter(wanted)
                .map(copy ->
                        found.members().getOrDefault(copy.node(), copy.node().toString()))
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "-" : names;
    }

    private JsonObject asJson(Found found) {
        JsonObject json = new JsonObject();
        json.addProperty("bucket", path.bucket());
        json.addProperty("key", path.key());
        JsonArray owners = new JsonArray();
        found.owners().forEach(owner -> owners.add(JsonShapes.member(owner)));
        json.add("owners", owners);
        JsonArray chunks = new JsonArray();
        found.chunks().forEach(chunk -> chunks.add(asJson(chunk)));
        json.add("chunks", chunks);
        return json;
    }

    private static JsonObject asJson(ChunkReport chunk) {
        JsonObject json = new JsonObject();
        json.addProperty("id", chunk.id().toString());
        JsonArray copies = new JsonArray();
        for (ChunkReport.Copy copy : chunk.copies()) {
            JsonObject one = new JsonObject();
            one.addProperty("node", copy.node().toString());
            one.addProperty("owner", copy.owner());
            one.addProperty("state", copy.state());
            copies.add(one);
        }
        json.add("copies", copies);
        return json;
    }
}
