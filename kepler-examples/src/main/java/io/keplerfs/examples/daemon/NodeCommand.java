package io.keplerfs.examples.daemon;

import com.google.gson.JsonObject;
import io.keplerfs.KeplerNode;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.console.Table;
import io.keplerfs.values.NodeAddress;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kepler node}: runs one node until it is told to stop. */
@Command(
        name = "node",
        description = {
            "Runs one node until SIGTERM or Ctrl-C. Settings come from the environment; a flag overrides its variable.",
            ""
        },
        footer = {
            "",
            "Examples (three terminals):",
            "  NODE_ID=node-a HTTP_PORT=3001 GOSSIP_PORT=4001 TRANSFER_PORT=5001 kepler node",
            "  NODE_ID=node-b HTTP_PORT=3002 GOSSIP_PORT=4002 TRANSFER_PORT=5002 SEEDS=127.0.0.1:4001 kepler node",
            "  kepler node --node-id node-c --http-port 3003 --gossip-port 4003 --transfer-port 5003 "
                    + "--seeds 127.0.0.1:4001"
        })
public final class NodeCommand implements Callable<Integer> {
    /** Long enough for three JVMs that start together on a busy machine; after it the reason is printed, not an error. */
    private static final Duration READY_NOTE_AFTER = Duration.ofSeconds(30);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--print-config", description = "Print every setting and where it came from, and end.")
    private boolean printConfig;

    @Option(
            names = "--exit-with-stdin",
            description = "Stop when standard input ends: for a parent process that must not leave this one behind.")
    private boolean exitWithStandardInput;

    @Mixin
    private final OutputOptions outputOptions = new OutputOptions();

    private final Shell shell;

    private NodeCommand(Shell shell) {
        this.shell = shell;
    }

    /** The command with one flag per {@link NodeVariable}. */
    public static CommandSpec spec(Shell shell) {
        CommandSpec spec = CommandSpec.forAnnotatedObject(new NodeCommand(shell));
        for (NodeVariable variable : NodeVariable.all()) {
            spec.addOption(OptionSpec.builder(variable.flag())
                    .type(String.class)
                    .paramLabel(variable.name())
                    .description(description(variable))
                    .build());
        }
        return spec;
    }

    private static String description(NodeVariable variable) {
        String fallback =
                variable.fallback().equals("required") ? "Required." : "Default: " + variable.fallback() + ".";
        return variable.meaning().replace("`", "") + ". " + fallback
                + (variable.isSecret() ? " Better in the environment: others can see flags." : "");
    }

    @Override
    public Integer call() throws IOException {
        NodeSettings settings = NodeSettings.read(shell.environment(), flags());
        Output output = outputOptions.on(shell);
        if (printConfig) {
            output.result(() -> asText(settings), () -> asJson(settings));
            return ExitCode.OK.code();
        }
        run(settings, output);
        return ExitCode.OK.code();
    }

    private Map<String, String> flags() {
        Map<String, String> flags = new HashMap<>();
        for (NodeVariable variable : NodeVariable.all()) {
            String value = spec.commandLine().getParseResult().matchedOptionValue(variable.flag(), "");
            flags.put(variable.name(), value);
        }
        return flags;
    }

    private void run(NodeSettings settings, Output output) throws IOException {
        CountDownLatch told = new CountDownLatch(1);
        try (KeplerNode node = shell.starter().start(settings.options())) {
            closeAtShutdown(node);
            Path data = settings.options().dataDirectory().toAbsolutePath().normalize();
            output.result(() -> greeting(node, data), () -> started(node, data));
            if (exitWithStandardInput) {
                stopAtEndOf(shell.in(), told);
            }
            if (!node.awaitReady(READY_NOTE_AFTER)) {
                output.note("not ready yet: " + node.health().reason() + " (goes on trying)");
            } else {
                output.note("ready");
            }
            told.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A library must not have a shutdown hook; the process around it must, to end in order. */
    private static void closeAtShutdown(KeplerNode node) {
        Runtime.getRuntime().addShutdownHook(new Thread(node::close, "kepler-shutdown"));
    }

    private static void stopAtEndOf(InputStream in, CountDownLatch told) {
        Thread watcher = new Thread(
                () -> {
                    try {
                        in.transferTo(java.io.OutputStream.nullOutputStream());
                    } catch (IOException gone) {
                        // a broken pipe ends the stream as well as its end does
                    }
                    told.countDown();
                },
                "kepler-stdin");
        watcher.setDaemon(true);
        watcher.start();
    }

    private static String greeting(KeplerNode node, Path data) {
        NodeAddress address = node.address();
        String url = node.httpUri().map(URI::toString).orElse("(off)");
        return String.join(
                "\n",
                "kepler node " + node.label() + " (" + node.id() + ") listens",
                "  http      " + url,
                "  gossip    " + address.host() + ":" + address.gossipPort() + "   the next node joins with SEEDS="
                        + address.host() + ":" + address.gossipPort(),
                "  transfer  " + address.host() + ":" + address.transferPort(),
                "  data      " + data,
                "Store a file:  kepler put FILE my-bucket/ --create-bucket --url " + url,
                "Look at it:    kepler status --url " + url,
                "Stop:          Ctrl-C, or kill " + ProcessHandle.current().pid());
    }

    private static JsonObject started(KeplerNode node, Path data) {
        JsonObject object = new JsonObject();
        object.addProperty("event", "listening");
        object.addProperty("id", node.id().toString());
        object.addProperty("label", node.label());
        object.add("address", JsonShapes.address(node.address()));
        object.addProperty("http", node.httpUri().map(URI::toString).orElse(""));
        object.addProperty("data", data.toString());
        object.addProperty("pid", ProcessHandle.current().pid());
        return object;
    }

    private static String asText(NodeSettings settings) {
        Table table = new Table("SETTING", "VALUE", "FROM");
        settings.effective().forEach(setting -> table.row(setting.name(), setting.value(), setting.origin()));
        return table.toString();
    }

    private static JsonObject asJson(NodeSettings settings) {
        JsonObject object = new JsonObject();
        for (NodeSettings.Effective setting : settings.effective()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("value", setting.value());
            entry.addProperty("from", setting.origin());
            object.add(setting.name(), entry);
        }
        return object;
    }
}
