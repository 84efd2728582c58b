package io.keplerfs.examples.commands;

import io.keplerfs.BucketInfo;
import io.keplerfs.Consistency;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler ls}: buckets, or the files of one. */
@Command(
        name = "ls",
        description = "Lists buckets, or the files of one in byte order, one per line.",
        footer = {
            "",
            "Examples:",
            "  kepler ls                     every bucket",
            "  kepler ls reports             files and folders at the top of a bucket",
            "  kepler ls -rl reports/2026/   everything below a prefix, with size, time and etag"
        })
public final class LsCommand extends ClientCommand {
    @Parameters(
            arity = "0..1",
            paramLabel = "BUCKET[/PREFIX]",
            description = "Only keys that start with the prefix. Without it: the buckets.")
    private Optional<FilePath> where = Optional.empty();

    @Option(
            names = {"-r", "--recursive"},
            description = "Every file below; otherwise keys are folded at the next '/'.")
    private boolean recursive;

    @Option(
            names = {"-l", "--long"},
            description = "With size, time of the write and etag.")
    private boolean detailed;

    @Option(names = "--consistency", paramLabel = "LEVEL", description = "quorum (default) or local.")
    private Consistency consistency = Consistency.QUORUM;

    public LsCommand(Shell shell) {
        super(shell);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        if (where.isPresent()) {
            listFiles(cluster, where.get(), output);
        } else {
            for (BucketInfo bucket : cluster.buckets()) {
                output.result(() -> BucketsCommand.line(bucket, detailed), () -> JsonShapes.bucket(bucket));
            }
        }
        return ExitCode.OK;
    }

    private void listFiles(KeplerCluster cluster, FilePath path, Output output) throws IOException {
        ListOptions first = ListOptions.prefix(path.key()).withConsistency(consistency);
        Optional<ListOptions> next = Optional.of(recursive ? first : first.withDelimiter("/"));
        while (next.isPresent()) {
            ListOptions options = next.get();
            ListPage page = cluster.bucket(path.bucket()).list(options);
            for (String prefix : page.commonPrefixes()) {
                output.result(() -> folder(prefix), () -> JsonShapes.prefix(path.bucket(), prefix));
            }
            for (FileInfo file : page.files()) {
                output.result(() -> line(file), () -> JsonShapes.file(file));
            }
            next = page.next().map(options::withAfter);
        }
    }

    private String folder(String prefix) {
        return detailed ? String.format("%10s  %-24s  %-32s  %s", "-", "-", "-", prefix) : prefix;
    }

    private String line(FileInfo file) {
        return detailed
                ? String.format(
                        "%10s  %-24s  %-32s  %s",
                        Amounts.bytes(file.sizeBytes()), file.modifiedAt(), file.etag(), file.key())
                : file.key();
    }
}
