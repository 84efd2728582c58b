package io.keplerfs.examples;

import io.keplerfs.KeplerOptions;
import io.keplerfs.examples.console.Shell;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs commands as the shell does, in front of a {@link FakeCluster}. */
public final class Terminal {
    /** What a command left behind. */
    public record Result(int exitCode, String out, String err) {
        public List<String> lines() {
            return out.lines().toList();
        }
    }

    private final FakeCluster cluster = new FakeCluster();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<String> connectedTo = new ArrayList<>();
    private final List<FakeNode> nodes = new ArrayList<>();
    private InputStream in = new ByteArrayInputStream(new byte[0]);
    private Shell.Starter starter = this::startFake;

    public FakeCluster cluster() {
        return cluster;
    }

    public List<String> connectedTo() {
        return connectedTo;
    }

    public List<FakeNode> nodes() {
        return nodes;
    }

    public Terminal with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    public Terminal withInput(String text) {
        in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    public Terminal withStarter(Shell.Starter value) {
        starter = value;
        return this;
    }

    private FakeNode startFake(KeplerOptions options) {
        FakeNode node = new FakeNode(options, cluster, true);
        nodes.add(node);
        return node;
    }

    public Result run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Shell shell = new Shell(
                environment,
                in,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                urls -> {
                    connectedTo.add(urls);
                    return cluster;
                },
                starter);
        int exitCode = Kepler.commands(shell).execute(arguments);
        return new Result(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
