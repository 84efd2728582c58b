package io.keplerfs.examples.console;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import java.util.function.Supplier;

/** Where one command writes: results on stdout as text or JSON, notes and progress on stderr. */
public final class Output {
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private final Shell shell;
    private final boolean json;
    private final boolean quiet;

    Output(Shell shell, boolean json, boolean quiet) {
        this.shell = shell;
        this.json = json;
        this.quiet = quiet;
    }

    public boolean json() {
        return json;
    }

    /** One result, in whichever form was asked for; flushed, so that a reader of a pipe sees it now. */
    public void result(Supplier<String> text, Supplier<? extends JsonElement> object) {
        shell.out().println(json ? GSON.toJson(object.get()) : text.get());
        shell.out().flush();
    }

    /** Something a person may like to know while waiting; silent with --quiet and --json. */
    public void note(String line) {
        if (!quiet && !json) {
            shell.err().println(line);
        }
    }

    /** A line of a report for people on stdout; silent with --json. */
    public void line(String line) {
        if (!json) {
            shell.out().println(line);
            shell.out().flush();
        }
    }

    /**
     * Shows how a long call gets on.
     *
     * @param task what is done, a few words
     * @param totalBytes bytes in all, -1 if not known
     */
    public Progress progress(String task, long totalBytes) {
        if (json || quiet) {
            return Progress.NONE;
        } else if (shell.terminal()) {
            return new BarProgress(task, totalBytes, shell.err(), shell.environment());
        }
        return new LineProgress(task, totalBytes, shell.err()::println, System::nanoTime);
    }
}
