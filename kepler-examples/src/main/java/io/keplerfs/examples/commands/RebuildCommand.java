package io.keplerfs.examples.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.Salvage;
import io.keplerfs.Salvage.Outcome;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler rebuild}: what to do when metadata is lost. Works on directories of stopped nodes. */
@Command(
        name = "rebuild",
        description =
                "Restores files from the data directories of stopped nodes when their metadata (meta.db) is lost.",
        footer = {
            "",
            "One node lost its meta.db, the others run:",
            "  kepler rebuild --from-peers data/node-c   then start it, and evict its old id",
            "All lost it (give every directory, and backups of metadata if there are any):",
            "  kepler rebuild --list data/node-a data/node-b data/node-c",
            "  kepler rebuild --into http://127.0.0.1:3001 data/node-a data/node-b data/node-c",
            "Exit code 7: some files are incomplete, their names are told."
        })
public final class RebuildCommand implements Callable<Integer> {
    /** What to do; exactly one of them. */
    static final class What {
        @Option(
                names = "--from-peers",
                description =
                        "Make one directory that of a new member, which keeps its chunks: they need not be sent again.")
        private boolean fromPeers;

        @Option(names = "--list", description = "Read and check every file, and only report.")
        private boolean list;

        @Option(
                names = "--into",
                paramLabel = "URL[,URL...]",
                description = "Put every file into this running cluster, which should be a new one. May be repeated.")
        private String into = "";
    }

    @ArgGroup(multiplicity = "1")
    private What what = new What();

    @Parameters(arity = "1..*", paramLabel = "SOURCE", description = "Data directories; backups of metadata.")
    private List<Path> sources = new ArrayList<>();

    @Mixin
    private final OutputOptions outputOptions = new OutputOptions();

    private final Shell shell;

    public RebuildCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Output output = outputOptions.on(shell);
        if (what.fromPeers) {
            return fromPeers(output).code();
        }
        try (Salvage salvage = Salvage.open(sources)) {
            Salvage.Summary found = salvage.summary();
            tell(found, output);
            Results results = new Results(output);
            if (what.list) {
                salvage.forEach(file -> results.add(checked(salvage, file)));
            } else {
                try (KeplerCluster cluster = shell.connector().connect(what.into)) {
                    salvage.restoreInto(cluster, results::add);
                }
            }
            Salvage.Summary after = salvage.summary();
            after.unreadable().stream()
                    .filter(name -> !found.unreadable().contains(name))
                    .forEach(name -> output.note("not readable: " + name));
            output.result(() -> results.text(what.list), () -> results.json(after));
            return results.exitCode(after).code();
        }
    }

    private ExitCode fromPeers(Output output) throws IOException {
        if (sources.size() != 1) {
            throw new IllegalArgumentException(
                    "--from-peers takes one directory: the others have to know what it lost");
        }
        Salvage.Renewed renewed = Salvage.renew(sources.get(0), part -> {
            if (part % 64 == 0) {
                output.note("read " + part * 100 / 256 + " % of the chunks");
            }
        });
        output.result(
                () -> sources.get(0) + " is a new member now, " + renewed.to() + ", and keeps " + renewed.chunks()
                        + " chunks (" + Amounts.bytes(renewed.chunkBytes()) + ").\nStart it as '" + renewed.label()
                        + "' with its SEEDS, wait until it is in the view, then: kepler evict " + renewed.from()
                        + "\nWhat the old member left is in " + renewed.aside() + "; delete it when all is well.",
                () -> json(renewed));
        return ExitCode.OK;
    }

    private static JsonObject json(Salvage.Renewed renewed) {
        JsonObject json = new JsonObject();
        json.addProperty("from", renewed.from().toString());
        json.addProperty("to", renewed.to().toString());
        json.addProperty("label", renewed.label());
        json.addProperty("aside", renewed.aside().toString());
        json.addProperty("chunks", renewed.chunks());
        json.addProperty("chunkBytes", renewed.chunkBytes());
        return json;
    }

    private static Salvage.Result checked(Salvage salvage, FileInfo file) {
        try {
            Optional<String> damage = salvage.damage(file);
            return new Salvage.Result(
                    file, damage.isPresent() ? Outcome.INCOMPLETE : Outcome.RESTORED, damage.orElse(""));
        } catch (IOException unreadable) {
            return new Salvage.Result(file, Outcome.INCOMPLETE, unreadable.toString());
        }
    }

    private static void tell(Salvage.Summary found, Output output) {
        for (Salvage.Source source : found.sources()) {
            output.note(source.path() + ": " + source.registers() + " records");
            source.notes().forEach(note -> output.note("  " + note));
        }
        output.note(found.files() + " files (" + Amounts.bytes(found.bytes()) + ") in "
                + found.buckets().size() + " buckets; " + found.deleted() + " deleted ones are left out");
        if (found.conflicts() + found.overtaken() > 0) {
            output.note("not restored: " + found.conflicts() + " losing versions of conflicts, " + found.overtaken()
                    + " fast writes that lost against a newer version");
        }
        found.unreadable().forEach(name -> output.note("not readable: " + name));
    }

    /** What became of the files: counted, and named where something is wrong. */
    private static final class Results {
        private final Output output;
        private final Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
        private final JsonArray wrong = new JsonArray();

        Results(Output output) {
            this.output = output;
        }

        void add(Salvage.Result result) {
            counts.merge(result.outcome(), 1, Integer::sum);
            if (result.outcome() != Outcome.RESTORED && result.outcome() != Outcome.THERE) {
                String name = result.file().bucket() + "/" + result.file().key();
                output.line(result.outcome() + " " + name + ": " + result.detail());
                JsonObject json = new JsonObject();
                json.addProperty("file", name);
                json.addProperty("outcome", result.outcome().name());
                json.addProperty("detail", result.detail());
                wrong.add(json);
            }
        }

        private int count(Outcome outcome) {
            return counts.getOrDefault(outcome, 0);
        }

        String text(boolean listed) {
            return count(Outcome.RESTORED)
                    + (listed ? " files are whole, " : " files restored, " + count(Outcome.THERE) + " were there, ")
                    + (listed ? "" : count(Outcome.OTHER_THERE) + " in another version, ")
                    + count(Outcome.INCOMPLETE) + " incomplete";
        }

        JsonObject json(Salvage.Summary found) {
            JsonObject json = new JsonObject();
            JsonArray sources = new JsonArray();
            for (Salvage.Source source : found.sources()) {
                JsonObject one = new JsonObject();
                one.addProperty("path", source.path().toString());
                one.addProperty("records", source.registers());
                JsonArray notes = new JsonArray();
                source.notes().forEach(notes::add);
                one.add("notes", notes);
                sources.add(one);
            }
            json.add("sources", sources);
            json.addProperty("files", found.files());
            json.addProperty("bytes", found.bytes());
            json.addProperty("deleted", found.deleted());
            json.addProperty("conflicts", found.conflicts());
            json.addProperty("overtaken", found.overtaken());
            JsonArray unreadable = new JsonArray();
            found.unreadable().forEach(unreadable::add);
            json.add("unreadable", unreadable);
            json.addProperty("good", count(Outcome.RESTORED));
            json.addProperty("there", count(Outcome.THERE));
            json.add("wrong", wrong);
            return json;
        }

        ExitCode exitCode(Salvage.Summary found) {
            if (count(Outcome.INCOMPLETE) > 0 || !found.unreadable().isEmpty()) {
                return ExitCode.CORRUPT;
            }
            return count(Outcome.OTHER_THERE) > 0 ? ExitCode.PRECONDITION : ExitCode.OK;
        }
    }
}
