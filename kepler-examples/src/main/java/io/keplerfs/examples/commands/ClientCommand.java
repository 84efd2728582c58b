package io.keplerfs.examples.commands;

import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A command that talks to a running cluster: finds it, runs, hangs up. */
abstract class ClientCommand implements Callable<Integer> {
    static final String URL_VARIABLE = "KEPLER_URL";
    static final String DEFAULT_URL = "http://127.0.0.1:3000";

    @Option(
            names = "--url",
            paramLabel = "URL[,URL...]",
            description = "HTTP addresses of one or more nodes; the next is tried when one does not answer. "
                    + "Default: KEPLER_URL, else " + DEFAULT_URL + ".")
    private String url = "";

    @Mixin
    private final OutputOptions outputOptions = new OutputOptions();

    private final Shell shell;

    ClientCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public final Integer call() throws IOException {
        check();
        try (KeplerCluster cluster = shell.connector().connect(urls())) {
            return runToCode(cluster, outputOptions.on(shell));
        }
    }

    /** Refuses what can be seen to be wrong without a connection, with an IllegalArgumentException or IOException. */
    void check() throws IOException {}

    /** For a command that ends with another one's exit code; all others say what {@link #run} returns. */
    int runToCode(KeplerCluster cluster, Output output) throws IOException {
        return run(cluster, output).code();
    }

    abstract ExitCode run(KeplerCluster cluster, Output output) throws IOException;

    Shell shell() {
        return shell;
    }

    private String urls() {
        String fromEnvironment = shell.environment().getOrDefault(URL_VARIABLE, "");
        return !url.isBlank() ? url : !fromEnvironment.isBlank() ? fromEnvironment : DEFAULT_URL;
    }
}
