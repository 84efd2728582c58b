package io.keplerfs.examples.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.Consistency;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerCluster;
import io.keplerfs.Member;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler stat}: what is known of one file. */
@Command(
        name = "stat",
        description = "Shows what is known of a file, and which nodes own it.",
        footer = {"", "Example:", "  kepler stat reports/2026/q3.pdf"})
public final class StatCommand extends ClientCommand {
    @Parameters(paramLabel = "BUCKET/KEY", description = "The file.")
    private FilePath path = new FilePath("", "");

    @Option(names = "--consistency", paramLabel = "LEVEL", description = "quorum (default) or local.")
    private Consistency consistency = Consistency.QUORUM;

    public StatCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        path.requireKey();
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        GetOptions options = GetOptions.defaults().withConsistency(consistency);
        FileInfo file = cluster.bucket(path.bucket()).head(path.key(), options);
        List<Member> owners = cluster.ringOwners(path.bucket(), path.key());
        output.result(() -> text(file, owners), () -> asJson(file, owners));
        return ExitCode.OK;
    }

    private static String text(FileInfo file, List<Member> owners) {
        StringBuilder text = new StringBuilder()
                .append("file      ")
                .append(file.bucket())
                .append('/')
                .append(file.key())
                .append("\nsize      ")
                .append(file.sizeBytes())
                .append(" bytes (")
                .append(Amounts.bytes(file.sizeBytes()))
                .append(')')
                .append("\netag      ")
                .append(file.etag())
                .append("\ntype      ")
                .append(file.contentType())
                .append("\nmodified  ")
                .append(file.modifiedAt())
                .append("\nowners    ")
                .append(owners.stream().map(Member::label).collect(Collectors.joining(", ")));
        file.metadata().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(pair -> text.append("\nmeta      ")
                        .append(pair.getKey())
                        .append('=')
                        .append(pair.getValue()));
        return text.toString();
    }

    private static JsonObject asJson(FileInfo file, List<Member> owners) {
        JsonObject object = JsonShapes.file(file);
        JsonArray array = new JsonArray();
        owners.forEach(owner -> array.add(JsonShapes.member(owner)));
        object.add("owners", array);
        return object;
    }
}
