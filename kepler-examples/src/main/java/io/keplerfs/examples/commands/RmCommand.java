package io.keplerfs.examples.commands;

import com.google.gson.JsonObject;
import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler rm}: deletes files. */
@Command(
        name = "rm",
        description = "Deletes files; a deleted file never comes back. Deleting what is not there succeeds.",
        footer = {"", "Example:", "  kepler rm reports/2026/draft.pdf"})
public final class RmCommand extends ClientCommand {
    @Parameters(arity = "1..*", paramLabel = "BUCKET/KEY", description = "What to delete.")
    private List<FilePath> files = new ArrayList<>();

    @Option(names = "--durability", paramLabel = "LEVEL", description = "quorum (default), all or fast.")
    private Durability durability = Durability.QUORUM;

    @Option(names = "--if-match", paramLabel = "ETAG", description = "Only the version with this etag.")
    private Optional<String> ifMatch = Optional.empty();

    @Option(names = "--fencing-token", paramLabel = "N", description = "Only if no higher token was ever stored.")
    private Optional<Long> fencingToken = Optional.empty();

    public RmCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        files.forEach(FilePath::requireKey);
        deleteOptions();
        if (files.size() > 1 && ifMatch.isPresent()) {
            throw new IllegalArgumentException("--if-match is about one file, but " + files.size() + " are given");
        }
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        for (FilePath file : files) {
            boolean existed = cluster.bucket(file.bucket()).delete(file.key(), deleteOptions());
            output.result(() -> existed ? "deleted " + file : file + " was not there", () -> asJson(file, existed));
        }
        return ExitCode.OK;
    }

    private static JsonObject asJson(FilePath file, boolean existed) {
        JsonObject object = new JsonObject();
        object.addProperty("bucket", file.bucket());
        object.addProperty("key", file.key());
        object.addProperty("existed", existed);
        return object;
    }

    private DeleteOptions deleteOptions() {
        DeleteOptions options = DeleteOptions.defaults().withDurability(durability);
        if (ifMatch.isPresent()) {
            options = options.withIfMatch(ifMatch.get());
        }
        return fencingToken.isPresent() ? options.withFencingToken(fencingToken.get()) : options;
    }
}
