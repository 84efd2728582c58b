package io.keplerfs.examples.commands;

import com.google.gson.JsonObject;
import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.Conflicts;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerCluster;
import io.keplerfs.ListOptions;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler conflicts}: the versions that lost because of fast writes. */
@Command(
        name = "conflicts",
        description = "Lists, fetches, promotes or drops versions that lost a conflict of fast writes.",
        footer = {
            "",
            "Examples:",
            "  kepler conflicts ls reports",
            "  kepler conflicts get reports/2026/q3.txt --version ID --output q3.other.txt",
            "  kepler conflicts promote reports/2026/q3.txt --version ID   (make it the current version again)",
            "  kepler conflicts rm reports/2026/q3.txt --version ID"
        })
public final class ConflictsCommand extends ClientCommand {
    private enum Action {
        ls,
        get,
        promote,
        rm
    }

    @Parameters(index = "0", paramLabel = "ACTION", description = "ls, get, promote or rm.")
    private Action action = Action.ls;

    @Parameters(index = "1", paramLabel = "BUCKET[/KEY]", description = "A file; for ls a bucket or a prefix.")
    private FilePath path = new FilePath("", "");

    @Option(
            names = "--version",
            paramLabel = "ID",
            description = "Which loser; ls shows it. Not needed if there is one.")
    private Optional<VersionId> version = Optional.empty();

    @Option(names = "--output", paramLabel = "FILE", description = "Where get writes to; default standard output.")
    private Optional<Path> target = Optional.empty();

    public ConflictsCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        if (action != Action.ls) {
            path.requireKey();
        }
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        Conflicts conflicts = cluster.bucket(path.bucket()).conflicts();
        switch (action) {
            case ls -> list(conflicts, output);
            case get -> fetch(conflicts, find(conflicts).loser());
            case promote -> {
                FileInfo now = conflicts.promote(cluster.bucket(path.bucket()), find(conflicts), PutOptions.defaults());
                output.result(() -> path + "  etag " + now.etag(), () -> JsonShapes.file(now));
            }
            case rm -> {
                VersionId loser = find(conflicts).loser().version();
                conflicts.drop(path.key(), loser);
                output.result(() -> "dropped " + path + " version " + loser, () -> asJson(loser));
            }
        }
        return ExitCode.OK;
    }

    private void list(Conflicts conflicts, Output output) throws IOException {
        Optional<ListOptions> next = Optional.of(ListOptions.prefix(path.key()));
        while (next.isPresent()) {
            ListOptions options = next.get();
            ConflictPage page = conflicts.list(options);
            for (Conflict conflict : page.conflicts()) {
                output.result(() -> line(conflict), () -> asJson(conflict));
            }
            next = page.next().map(options::withAfter);
        }
    }

    /** The one that is meant; several of one file must be told apart. */
    private Conflict find(Conflicts conflicts) throws IOException {
        ConflictPage page = conflicts.list(ListOptions.prefix(path.key()));
        var matching = page.conflicts().stream()
                .filter(conflict -> conflict.loser().key().equals(path.key()))
                .filter(conflict -> version.isEmpty()
                        || version.get().equals(conflict.loser().version()))
                .toList();
        if (matching.isEmpty()) {
            throw new NotFoundException("there is no such conflict about " + path + "; 'kepler conflicts ls "
                    + path.bucket() + "' shows all");
        } else if (matching.size() > 1) {
            throw new IllegalArgumentException(
                    matching.size() + " versions of " + path + " lost; say which one with --version");
        }
        return matching.get(0);
    }

    private void fetch(Conflicts conflicts, FileInfo loser) throws IOException {
        try (InputStream in = conflicts.snapshot(loser.key(), loser.version(), GetOptions.defaults()).stream()) {
            if (target.isPresent()) {
                Files.copy(in, target.get());
            } else {
                in.transferTo(shell().out());
                shell().out().flush();
            }
        }
    }

    private static String line(Conflict conflict) {
        FileInfo loser = conflict.loser();
        return String.format(
                "%s  %8s  %s  lost to %s  %s",
                conflict.detectedAt(),
                Amounts.bytes(loser.sizeBytes()),
                loser.version(),
                conflict.winner(),
                loser.key());
    }

    private static JsonObject asJson(Conflict conflict) {
        JsonObject object = new JsonObject();
        object.add("loser", JsonShapes.file(conflict.loser()));
        object.addProperty("winner", conflict.winner().toString());
        object.addProperty("detectedAt", conflict.detectedAt().toString());
        return object;
    }

    private JsonObject asJson(VersionId loser) {
        JsonObject object = new JsonObject();
        object.addProperty("bucket", path.bucket());
        object.addProperty("key", path.key());
        object.addProperty("dropped", loser.toString());
        return object;
    }
}
