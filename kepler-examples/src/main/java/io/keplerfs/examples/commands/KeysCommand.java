package io.keplerfs.examples.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.console.Table;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler keys}: shows and changes the cluster secrets of one node, from its own machine. */
@Command(
        name = "keys",
        description = "Shows or changes the cluster secrets of the node on this machine, while it runs.",
        footer = {
            "",
            "A new secret, without downtime; each step on every node before the next step:",
            "  kepler keys add < new-secret.txt   accepted from now on (one line of standard input)",
            "  kepler keys use 3f2a81c0           used from now on",
            "  kepler keys remove 91d04be7        the old one, no longer accepted",
            "  kepler keys list                   fingerprints; a secret is never shown"
        })
public final class KeysCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    enum Action {
        list,
        add,
        use,
        remove
    }

    @Parameters(index = "0", paramLabel = "list|add|use|remove", defaultValue = "list", description = "Default: list.")
    private Action action = Action.list;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FINGERPRINT",
            description = "Of the secret to use or remove.")
    private String fingerprint = "";

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

    public KeysCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        boolean named = action == Action.use || action == Action.remove;
        if (named ? !fingerprint.matches("[0-9a-f]{8}") : !fingerprint.isEmpty()) {
            throw new IllegalArgumentException(
                    named
                            ? "'" + fingerprint
                                    + "' is no fingerprint: eight hexadecimal digits, as 'kepler keys list' shows"
                            : "a secret is not given on the command line, where others can see it: 'kepler keys "
                                    + action + "' takes no second word");
        }
        JsonObject answer = LocalNode.ask(request());
        outputOptions.on(shell).result(() -> text(answer.getAsJsonArray("keys")), () -> answer);
        return ExitCode.OK.code();
    }

    private HttpRequest request() throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder().timeout(PATIENCE);
        return switch (action) {
            case list -> request.uri(uri("")).GET().build();
            case add ->
                request.uri(uri(""))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body()))
                        .build();
            case use ->
                request.uri(uri("/" + fingerprint)).PUT(BodyPublishers.noBody()).build();
            case remove -> request.uri(uri("/" + fingerprint)).DELETE().build();
        };
    }

    private URI uri(String rest) {
        return LocalNode.uri(shell, url, "/v1/keys" + rest);
    }

    private String body() throws IOException {
        if (shell.terminal()) {
            shell.err().println("the new secret (it is shown as you type; better pipe it in):");
        }
        String line = new BufferedReader(new InputStreamReader(shell.in(), StandardCharsets.UTF_8)).readLine();
        if (line == null || line.isEmpty()) {
            throw new IllegalArgumentException("no secret came on standard input");
        }
        JsonObject json = new JsonObject();
        json.addProperty("secret", line);
        return json.toString();
    }

    private static String text(JsonArray keys) {
        if (keys.isEmpty()) {
            return "no cluster secret: nothing is sealed";
        }
        Table table = new Table("FINGERPRINT", "", "FROM");
        keys.forEach(entry -> {
            JsonObject key = entry.getAsJsonObject();
            table.row(
                    key.get("fingerprint").getAsString(),
                    key.get("primary").getAsBoolean() ? "used" : "accepted",
                    key.get("configured").getAsBoolean() ? "CLUSTER_SECRET" : "added at run time");
        });
        return table.toString();
    }
}
