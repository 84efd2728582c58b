package io.keplerfs.examples.commands;

import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Shell;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code kepler completion}: a script that teaches bash and zsh the commands and options. */
@Command(
        name = "completion",
        description = "Prints a completion script for bash and zsh.",
        footer = {"", "Example:", "  alias kepler='java -jar /path/to/kepler.jar'", "  source <(kepler completion)"})
public final class CompletionCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Shell shell;

    public CompletionCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() {
        CommandLine root = spec.root().commandLine();
        shell.out().println(AutoComplete.bash(root.getCommandName(), root));
        return ExitCode.OK.code();
    }
}
