package io.keplerfs.examples.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.ChunkReport;
import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kepler gc explain}: why a chunk is on the disks, or when it goes. */
@Command(
        name = "gc",
        description = "Says why a chunk is on the disks of the cluster, or when it goes.",
        footer = {"", "Example:", "  kepler gc explain 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        })
public final class GcCommand extends ClientCommand {
    /** What can be asked; one so far. */
    enum What {
        explain
    }

    @Parameters(index = "0", paramLabel = "explain", description = "What to do: explain.")
    private What what = What.explain;

    @Parameters(index = "1", paramLabel = "CHUNK", description = "SHA-256 of the chunk, 64 hexadecimal digits.")
    private String chunk = "";

    public GcCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        if (!chunk.matches("[0-9a-fA-F]{64}")) {
            throw new IllegalArgumentException("a chunk is named by 64 hexadecimal digits, not '" + chunk + "'");
        }
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        return switch (what) {
            case explain -> explain(cluster, output);
        };
    }

    private ExitCode explain(KeplerCluster cluster, Output output) throws IOException {
        ChunkReport report = cluster.chunk(ChunkId.parse(chunk));
        output.result(() -> text(report), () -> asJson(report));
        return ExitCode.OK;
    }

    private static String text(ChunkReport report) {
        StringBuilder text = new StringBuilder()
                .append("chunk  ")
                .append(report.id())
                .append("\nview   ")
                .append(report.epoch())
                .append(report.settled() ? "" : ", ownership is moving");
        for (ChunkReport.Copy copy : report.copies()) {
            text.append('\n')
                    .append(copy.node())
                    .append(copy.owner() ? "  owner   " : "  other   ")
                    .append(String.format("%-10s  ", copy.state()))
                    .append(copy.why());
            for (ChunkReport.Need need : copy.references()) {
                text.append("\n    ")
                        .append(String.format("%-7s", need.state()))
                        .append(" since ")
                        .append(need.since())
                        .append("  upload ")
                        .append(need.upload())
                        .append("  ")
                        .append(need.bucket())
                        .append('/')
                        .append(need.key());
            }
        }
        return text.toString();
    }

    private static JsonObject asJson(ChunkReport report) {
        JsonObject json = new JsonObject();
        json.addProperty("id", report.id().toString());
        json.addProperty("epoch", report.epoch());
        json.addProperty("settled", report.settled());
        JsonArray copies = new JsonArray();
        report.copies().forEach(copy -> copies.add(asJson(copy)));
        json.add("copies", copies);
        return json;
    }

    private static JsonObject asJson(ChunkReport.Copy copy) {
        JsonObject json = new JsonObject();
        json.addProperty("node", copy.node().toString());
        json.addProperty("owner", copy.owner());
        json.addProperty("state", copy.state());
        json.addProperty("why", copy.why());
        JsonArray needs = new JsonArray();
        for (ChunkReport.Need need : copy.references()) {
            JsonObject one = new JsonObject();
            one.addProperty("upload", need.upload().toString());
            one.addProperty("bucket", need.bucket());
            one.addProperty("key", need.key());
            one.addProperty("state", need.state());
            one.addProperty("since", need.since().toString());
            needs.add(one);
        }
        json.add("references", needs);
        return json;
    }
}
