package io.keplerfs.examples.commands;

import com.google.gson.JsonObject;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kepler backup}: copies the metadata of one node while it runs, on its own machine. */
@Command(
        name = "backup",
        description =
                "Writes a consistent copy of the metadata of the node on this machine to a new file, while it runs.",
        footer = {
            "",
            "The copy is a source for 'kepler rebuild'. Never start a node with it: it has forgotten what was promised since.",
            "It has no chunks, and it holds the cluster secrets.",
            "",
            "Example:",
            "  kepler backup --url http://127.0.0.1:3001 --to /backup/node-a-2026-01-31.db"
        })
public final class BackupCommand implements Callable<Integer> {
    /** Millions of rows take minutes. */
    private static final Duration PATIENCE = Duration.ofHours(1);

    @Option(
            names = "--to",
            required = true,
            paramLabel = "FILE",
            description = "New file; an existing one is not replaced.")
    private Path to = Path.of("");

    @Option(
            names = "--url",
            paramLabel = "URL",
            description =
                    "HTTP address of the node; only callers on its own machine are served. Default: KEPLER_URL, else "
                            + ClientCommand.DEFAULT_URL + ".")
    private String url = "";

    @Mixin
    private final OutputOptions outputOptions = new OutputOptions();

    private final Shell shell;

    public BackupCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        String path = URLEncoder.encode(to.toAbsolutePath().normalize().toString(), StandardCharsets.UTF_8)
                .replace("+", "%20");
        JsonObject answer = LocalNode.ask(HttpRequest.newBuilder(LocalNode.uri(shell, url, "/v1/backup?to=" + path))
                .timeout(PATIENCE)
                .POST(BodyPublishers.noBody())
                .build());
        outputOptions.on(shell).result(() -> text(answer), () -> answer);
        return ExitCode.OK.code();
    }

    private static String text(JsonObject answer) {
        return answer.get("file").getAsString() + ": "
                + Amounts.bytes(answer.get("sizeBytes").getAsLong()) + ", "
                + answer.get("registers").getAsLong() + " records, "
                + answer.get("chunks").getAsLong() + " chunks known";
    }
}
