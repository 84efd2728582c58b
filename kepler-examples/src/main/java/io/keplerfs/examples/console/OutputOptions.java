package io.keplerfs.examples.console;

import picocli.CommandLine.Option;

/** The options every command has. */
public final class OutputOptions {
    @Option(
            names = "--json",
            description = "Machine output: one JSON object per line on stdout; errors as one on stderr; no progress.")
    private boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "No progress and no notes; results and errors only.")
    private boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "Log of the library and stack traces of errors on stderr.")
    private boolean verbose;

    public boolean json() {
        return json;
    }

    public boolean verbose() {
        return verbose;
    }

    /** Where a command that was given these options writes. */
    public Output on(Shell shell) {
        return new Output(shell, json, quiet);
    }
}
