package io.keplerfs.examples.commands;

import com.google.gson.JsonObject;
import io.keplerfs.Consistency;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Progress;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler get}: fetches one file; a local file of that name appears only once it is whole. */
@Command(
        name = "get",
        description = "Fetches a file. It is written beside its place as FILE.part and renamed once it is whole.",
        footer = {
            "",
            "Examples:",
            "  kepler get reports/2026/q3.pdf",
            "  kepler get reports/2026/q3.pdf /tmp/copy.pdf",
            "  kepler get backup/src.tar - | tar x"
        })
public final class GetCommand extends ClientCommand {
    private static final String STANDARD_OUTPUT = "-";
    private static final int BUFFER_BYTES = 256 * 1024;

    @Parameters(index = "0", paramLabel = "BUCKET/KEY", description = "The file to fetch.")
    private FilePath source = new FilePath("", "");

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE",
            description = "Where to put it: a file or a directory, '-' for stdout. Default: its own name, here.")
    private String target = "";

    @Option(
            names = "--consistency",
            paramLabel = "LEVEL",
            description = "quorum (default): the newest acknowledged write; local: what the answering node knows.")
    private Consistency consistency = Consistency.QUORUM;

    @Option(names = "--verify", description = "Hash every chunk again before it is handed out, not only CRC-check it.")
    private boolean verify;

    public GetCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        source.requireKey();
        if (!target.equals(STANDARD_OUTPUT)) {
            targetFile();
        }
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        FileSnapshot snapshot = cluster.bucket(source.bucket()).snapshot(source.key(), getOptions());
        FileInfo info = snapshot.info();
        try (Progress progress = output.progress("get " + source.lastName(), info.sizeBytes());
                InputStream content = progress.watch(snapshot.stream())) {
            if (target.equals(STANDARD_OUTPUT)) {
                copyToStandardOutput(content);
                return ExitCode.OK;
            }
            writeThenRename(content, targetFile());
        }
        output.result(
                () -> source + "  " + Amounts.bytes(info.sizeBytes()) + "  -> " + targetFile(),
                () -> withFile(JsonShapes.file(info), targetFile()));
        return ExitCode.OK;
    }

    private static JsonObject withFile(JsonObject object, Path file) {
        object.addProperty("file", file.toString());
        return object;
    }

    private void copyToStandardOutput(InputStream content) throws IOException {
        PrintStream out = shell().out();
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
            out.write(buffer, 0, count);
            if (out.checkError()) {
                throw new IOException("standard output was closed before all of " + source + " was written");
            }
        }
    }

    private static void writeThenRename(InputStream content, Path file) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.copy(content, part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private Path targetFile() {
        if (!target.isEmpty() && !Files.isDirectory(Path.of(target))) {
            return Path.of(target);
        }
        String name = source.lastName();
        if (name.isEmpty() || name.equals(".") || name.equals("..") || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name for a local file; say where to put " + source);
        }
        return Path.of(target).resolve(name);
    }

    private GetOptions getOptions() {
        GetOptions options = GetOptions.defaults().withConsistency(consistency);
        return verify ? options.withVerifySha256() : options;
    }
}
