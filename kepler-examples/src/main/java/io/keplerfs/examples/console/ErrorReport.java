package io.keplerfs.examples.console;

import com.google.gson.JsonObject;
import io.keplerfs.IndeterminateException;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one or two lines what went wrong and what to do, and ends the command with the outcome's exit code. */
public final class ErrorReport
        implements CommandLine.IExecutionExceptionHandler, CommandLine.IParameterExceptionHandler {
    private final PrintStream err;

    public ErrorReport(Shell shell) {
        this.err = shell.err();
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult ignored) {
        Throwable cause = failure.getCause();
        Throwable outcome = failure instanceof UncheckedIOException && cause != null ? cause : failure;
        report(command, outcome);
        return ExitCode.of(outcome).code();
    }

    @Override
    public int handleParseException(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        err.println(command.getCommandSpec().qualifiedName() + ": " + failure.getMessage());
        List<String> suggestions =
                failure instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        err.println((suggestions.isEmpty() ? "" : "Did you mean " + String.join(" or ", suggestions) + "? ") + "See '"
                + command.getCommandSpec().qualifiedName() + " --help'.");
        return ExitCode.USAGE.code();
    }

    private void report(CommandLine command, Throwable failure) {
        if (isSet(command, "--json")) {
            JsonObject object = new JsonObject();
            object.addProperty("error", ExitCode.of(failure).name().toLowerCase(Locale.ROOT));
            object.addProperty("exitCode", ExitCode.of(failure).code());
            object.addProperty("message", whatHappened(failure));
            err.println(object);
        } else {
            err.println(command.getCommandSpec().qualifiedName() + ": " + whatHappened(failure));
            String advice = advice(failure);
            if (!advice.isEmpty()) {
                err.println(advice);
            }
        }
        if (isSet(command, "--verbose")) {
            failure.printStackTrace(err);
        }
    }

    private static boolean isSet(CommandLine command, String option) {
        ParseResult parsed = command.getParseResult();
        return parsed != null && parsed.matchedOptionValue(option, false);
    }

    private static String whatHappened(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        if (failure instanceof NoSuchFileException missing) {
            return missing.getFile() + ": no such file";
        } else if (failure instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied";
        } else if (failure instanceof IOException
                || failure instanceof IllegalArgumentException
                || failure instanceof IllegalStateException) {
            return message;
        }
        return "internal error, please report it with the output of --verbose: " + failure;
    }

    private static String advice(Throwable failure) {
        if (failure instanceof NotFoundException) {
            return "See what is there with 'kepler ls'; 'kepler put --create-bucket' creates a missing bucket.";
        } else if (failure instanceof PreconditionFailedException) {
            return "Nothing changed. 'kepler stat' shows the current etag.";
        } else if (failure instanceof UnavailableException unavailable) {
            return "Nothing changed. Try again in "
                    + Math.max(1, unavailable.retryAfter().toSeconds())
                    + " s; 'kepler status' shows which nodes answer.";
        } else if (failure instanceof IndeterminateException maybe) {
            return "It may still appear. Look with 'kepler stat', or repeat a put safely with --version-id "
                    + maybe.version();
        }
        return "";
    }
}
