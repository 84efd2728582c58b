package io.keplerfs.examples;

import io.keplerfs.examples.bench.BenchCommand;
import io.keplerfs.examples.commands.BucketsCommand;
import io.keplerfs.examples.commands.CompletionCommand;
import io.keplerfs.examples.commands.ConflictsCommand;
import io.keplerfs.examples.commands.Conversions;
import io.keplerfs.examples.commands.DrainCommand;
import io.keplerfs.examples.commands.EvictCommand;
import io.keplerfs.examples.commands.ForceViewCommand;
import io.keplerfs.examples.commands.GcCommand;
import io.keplerfs.examples.commands.GetCommand;
import io.keplerfs.examples.commands.KeysCommand;
import io.keplerfs.examples.commands.LockCommand;
import io.keplerfs.examples.commands.LsCommand;
import io.keplerfs.examples.commands.MbCommand;
import io.keplerfs.examples.commands.OwnersCommand;
import io.keplerfs.examples.commands.PutCommand;
import io.keplerfs.examples.commands.RepairCommand;
import io.keplerfs.examples.commands.RmCommand;
import io.keplerfs.examples.commands.ScrubCommand;
import io.keplerfs.examples.commands.StatCommand;
import io.keplerfs.examples.commands.StatusCommand;
import io.keplerfs.examples.console.ErrorReport;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.daemon.NodeCommand;
import io.keplerfs.examples.demo.DemoCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The standalone runner: {@code java -jar kepler.jar <command>}. */
@Command(
        name = "kepler",
        description = "KeplerFS: a leaderless, replicated, content-addressed file store.",
        versionProvider = Kepler.Version.class,
        exitCodeListHeading = "%nExit codes:%n",
        footer = {
            "",
            "Start with:",
            "  kepler demo --small          see a cluster store files, lose a node and heal",
            "  kepler node --help           run a node of your own",
            "'kepler COMMAND --help' explains a command."
        })
public final class Kepler implements Runnable {
    /** Read by logback.xml: how much the library says. */
    private static final String LOG_LEVEL = "kepler.log.level";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Kepler() {}

    public static void main(String[] arguments) {
        chooseLogLevel(arguments);
        System.exit(commands(Shell.system()).execute(arguments));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given; the first one to try is 'kepler demo'");
    }

    /** All commands over one shell. */
    static CommandLine commands(Shell shell) {
        CommandLine kepler = new CommandLine(new Kepler());
        Stream.of(
                        new DemoCommand(shell),
                        NodeCommand.spec(shell),
                        new PutCommand(shell),
                        new GetCommand(shell),
                        new LsCommand(shell),
                        new RmCommand(shell),
                        new StatCommand(shell),
                        new ConflictsCommand(shell),
                        new LockCommand(shell),
                        new GcCommand(shell),
                        new StatusCommand(shell),
                        new RepairCommand(shell),
                        new ScrubCommand(shell),
                        new OwnersCommand(shell),
                        new DrainCommand(shell),
                        new EvictCommand(shell),
                        new ForceViewCommand(shell),
                        new MbCommand(shell),
                        new BucketsCommand(shell),
                        new KeysCommand(shell),
                        new BenchCommand(shell),
                        new CompletionCommand(shell))
                .forEach(kepler::addSubcommand);
        addStandardHelp(kepler);
        Conversions.register(kepler);
        ErrorReport errors = new ErrorReport(shell);
        return kepler.setOut(new PrintWriter(shell.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(shell.err(), true, StandardCharsets.UTF_8))
                .setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors)
                .setUsageHelpLongOptionsMaxWidth(34);
    }

    private static void addStandardHelp(CommandLine kepler) {
        Map<String, String> exitCodes = new LinkedHashMap<>();
        for (ExitCode code : ExitCode.values()) {
            exitCodes.put(Integer.toString(code.code()), code.meaning());
        }
        kepler.getCommandSpec().usageMessage().exitCodeList(exitCodes);
        kepler.getCommandSpec().mixinStandardHelpOptions(true);
        kepler.getSubcommands()
                .values()
                .forEach(command -> command.getCommandSpec().mixinStandardHelpOptions(true));
    }

    /**
     * A node logs its life; the other commands speak for themselves, and the demo provokes warnings on purpose. Set before
     * the first logger exists.
     */
    private static void chooseLogLevel(String[] arguments) {
        List<String> words = Arrays.asList(arguments);
        if (words.contains("--verbose") || words.contains("-v") || System.getProperty(LOG_LEVEL) != null) {
            return;
        }
        if (!words.isEmpty() && !words.get(0).equals("node")) {
            System.setProperty(
                    LOG_LEVEL, words.get(0).equals("demo") || words.get(0).equals("bench") ? "ERROR" : "WARN");
        }
    }

    /** Written into the jar's manifest by the build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Kepler.class.getPackage().getImplementationVersion();
            return new String[] {"kepler " + (version == null ? "(development build)" : version)};
        }
    }
}
