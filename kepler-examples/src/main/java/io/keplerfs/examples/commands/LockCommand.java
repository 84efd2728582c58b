package io.keplerfs.examples.commands;

import io.keplerfs.KeplerCluster;
import io.keplerfs.Lease;
import io.keplerfs.LeaseOptions;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler lock}: runs a command while it holds a lease. */
@Command(
        name = "lock",
        description =
                "Runs a command while holding a lock, and ends as the command does. The lock is renewed meanwhile; when it "
                        + "is lost, the command is told to end (SIGTERM) and the exit is 4.",
        footer = {
            "",
            "The command finds the fencing token in KEPLER_FENCING_TOKEN. Writing with it is what makes the lock safe:",
            "a process that was paused for longer than the ttl is then refused (exit 4).",
            "",
            "Example:",
            "  kepler lock jobs/import.lock --ttl 15s --wait 1m -- \\",
            "      sh -c 'kepler put result.csv jobs/result.csv --fencing-token $KEPLER_FENCING_TOKEN'"
        })
public final class LockCommand extends ClientCommand {
    static final String TOKEN_VARIABLE = "KEPLER_FENCING_TOKEN";

    @Parameters(index = "0", paramLabel = "BUCKET/KEY", description = "The lock file; created if it is missing.")
    private FilePath path = new FilePath("", "");

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "COMMAND", description = "What to run, after '--'.")
    private List<String> command = new ArrayList<>();

    @Option(
            names = "--ttl",
            paramLabel = "TIME",
            converter = Conversions.Span.class,
            description = "Silence after which others may take the lock, such as 15s (default) or 500ms.")
    private Duration ttl = Duration.ofSeconds(15);

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            converter = Conversions.Span.class,
            description =
                    "How long to wait for the lock, such as 1m; default 0s. More than twice the ttl takes over from the dead.")
    private Duration patience = Duration.ZERO;

    @Option(
            names = "--owner",
            paramLabel = "NAME",
            description = "Who others are told has it. Default: the process id.")
    private String owner = "process " + ProcessHandle.current().pid();

    public LockCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        path.requireKey();
        options();
    }

    private LeaseOptions options() {
        return LeaseOptions.of(owner, ttl).withPatience(patience);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) {
        throw new AssertionError("it ends with the code of the command it runs");
    }

    @Override
    int runToCode(KeplerCluster cluster, Output output) throws IOException {
        ScheduledExecutorService renewals = Executors.newSingleThreadScheduledExecutor();
        try (Lease lease = Lease.acquire(cluster.bucket(path.bucket()), path.key(), options())) {
            output.note("holding " + path + " with token " + lease.token());
            return runHolding(lease, renewals);
        } finally {
            renewals.shutdownNow();
        }
    }

    private int runHolding(Lease lease, ScheduledExecutorService renewals) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put(TOKEN_VARIABLE, Long.toString(lease.token()));
        Process process = builder.start();
        AtomicBoolean lost = new AtomicBoolean();
        lease.keepRenewing(renewals, failure -> {
            lost.set(true);
            shell().err().println("the lock is lost, ending the command: " + failure.getMessage());
            process.destroy();
        });
        try {
            int code = process.waitFor();
            return lost.get() ? ExitCode.PRECONDITION.code() : code;
        } catch (InterruptedException interrupted) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while the command ran").initCause(interrupted);
        }
    }
}
