package io.keplerfs.examples.commands;

import io.keplerfs.Bucket;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.PutOptions;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Progress;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.values.VersionId;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler put}: stores local files or standard input. */
@Command(
        name = "put",
        description = "Stores files; each is acknowledged once it is as durable as asked for.",
        footer = {
            "",
            "Examples:",
            "  kepler put report.pdf reports/2026/q3.pdf",
            "  kepler put *.jpg photos/holiday/ --create-bucket",
            "  tar c src | kepler put - backup/src.tar",
            "  kepler put state.json app/state --if-match ETAG  (only if nobody wrote)"
        })
public final class PutCommand extends ClientCommand {
    private static final String STANDARD_INPUT = "-";

    @Parameters(
            arity = "2..*",
            hideParamSyntax = true,
            paramLabel = "FILE... BUCKET/KEY",
            description =
                    "What to store ('-' reads standard input), then where: a key, or with several files a bucket or "
                            + "a prefix that ends in '/', to which their names are added.")
    private List<String> arguments = new ArrayList<>();

    @Option(names = "--create-bucket", description = "Create the bucket first if it is missing.")
    private boolean createBucket;

    @Option(
            names = "--durability",
            paramLabel = "LEVEL",
            description =
                    "quorum (default): on disk on a majority; all: on every owner; fast: on the answering node only.")
    private Durability durability = Durability.QUORUM;

    @Option(names = "--if-absent", description = "Only if there is no such file.")
    private boolean ifAbsent;

    @Option(names = "--if-match", paramLabel = "ETAG", description = "Only if the current version has this etag.")
    private Optional<String> ifMatch = Optional.empty();

    @Option(
            names = "--fencing-token",
            paramLabel = "N",
            description = "Only if no higher token was ever stored with the file; stores it.")
    private Optional<Long> fencingToken = Optional.empty();

    @Option(names = "--content-type", paramLabel = "TYPE", description = "Media type that readers are told.")
    private String contentType = FileInfo.DEFAULT_CONTENT_TYPE;

    @Option(names = "--meta", paramLabel = "NAME=VALUE", description = "A pair of your own to keep with the file.")
    private Map<String, String> metadata = new LinkedHashMap<>();

    @Option(
            names = "--version-id",
            paramLabel = "ID",
            description = "Repeats a put whose outcome was unknown (exit 6): it happens at most once.")
    private Optional<VersionId> version = Optional.empty();

    public PutCommand(Shell shell) {
        super(shell);
    }

    /** One file to store and its name in the cluster. */
    private record Job(String source, String key) {}

    @Override
    void check() throws IOException {
        putOptions();
        List<Job> jobs = jobs();
        if (jobs.size() > 1 && (ifMatch.isPresent() || version.isPresent())) {
            throw new IllegalArgumentException(
                    "--if-match and --version-id are about one file, but " + jobs.size() + " are given");
        }
        for (Job job : jobs) {
            if (!job.source().equals(STANDARD_INPUT)) {
                requireFile(Path.of(job.source()));
            }
        }
    }

    private static void requireFile(Path source) throws NoSuchFileException {
        if (!Files.exists(source)) {
            throw new NoSuchFileException(source.toString());
        } else if (Files.isDirectory(source)) {
            throw new IllegalArgumentException(source + " is a directory; name its files, such as " + source + "/*");
        }
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        Bucket bucket = createBucket ? cluster.createBucket(target().bucket()) : cluster.bucket(target().bucket());
        List<Job> jobs = jobs();
        String task = jobs.size() == 1 ? "put " + jobs.get(0).key() : "put " + jobs.size() + " files";
        try (Progress progress = output.progress(task, totalBytes(jobs))) {
            for (Job job : jobs) {
                FileInfo stored = put(bucket, job, progress);
                output.result(() -> receiptOf(stored), () -> JsonShapes.file(stored));
            }
        }
        return ExitCode.OK;
    }

    private FileInfo put(Bucket bucket, Job job, Progress progress) throws IOException {
        try (InputStream content = open(job.source())) {
            return bucket.put(job.key(), progress.watch(content), putOptions());
        }
    }

    private InputStream open(String source) throws IOException {
        if (!source.equals(STANDARD_INPUT)) {
            return Files.newInputStream(Path.of(source));
        }
        return new FilterInputStream(shell().in()) {
            @Override
            public void close() {
                // standard input belongs to the process
            }
        };
    }

    private static String receiptOf(FileInfo stored) {
        String copies = stored.receipt()
                .map(receipt -> ", " + receipt.fsyncedCopies() + " copies on disk"
                        + (receipt.pending().isEmpty()
                                ? ""
                                : ", " + receipt.pending().size() + " to follow"))
                .orElse("");
        return stored.bucket() + "/" + stored.key() + "  " + Amounts.bytes(stored.sizeBytes()) + copies + "  etag "
                + stored.etag();
    }

    private FilePath target() {
        return FilePath.parse(arguments.get(arguments.size() - 1));
    }

    private List<Job> jobs() {
        FilePath target = target();
        List<String> sources = arguments.subList(0, arguments.size() - 1);
        boolean isPrefix = target.key().isEmpty() || target.key().endsWith("/");
        if (!isPrefix && sources.size() > 1) {
            throw new IllegalArgumentException(sources.size() + " files cannot all be stored as " + target
                    + "; end it with '/' to make it a prefix");
        }
        return sources.stream()
                .map(source -> new Job(source, isPrefix ? target.key() + nameOf(source) : target.key()))
                .toList();
    }

    private static String nameOf(String source) {
        Path name = Path.of(source).getFileName();
        if (source.equals(STANDARD_INPUT) || name == null) {
            throw new IllegalArgumentException("'" + source + "' has no name of its own; write the whole BUCKET/KEY");
        }
        return name.toString();
    }

    private static long totalBytes(List<Job> jobs) throws IOException {
        long total = 0;
        for (Job job : jobs) {
            if (job.source().equals(STANDARD_INPUT)) {
                return -1;
            }
            total += Files.size(Path.of(job.source()));
        }
        return total;
    }

    private PutOptions putOptions() {
        PutOptions.Builder options = PutOptions.builder().durability(durability).contentType(contentType);
        if (ifAbsent) {
            options.onlyIfAbsent();
        }
        ifMatch.ifPresent(options::ifMatch);
        fencingToken.ifPresent(options::fencingToken);
        version.ifPresent(options::version);
        metadata.forEach(options::metadata);
        return options.build();
    }
}
