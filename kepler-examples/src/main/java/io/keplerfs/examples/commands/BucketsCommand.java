package io.keplerfs.examples.commands;

import com.google.gson.JsonObject;
import io.keplerfs.BucketInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kepler buckets}: lists, creates and deletes buckets. */
@Command(
        name = "buckets",
        description = "Lists, creates or deletes buckets.",
        footer = {
            "",
            "Examples:",
            "  kepler buckets",
            "  kepler buckets --create photos --create reports   (the same as: kepler mb photos reports)",
            "  kepler buckets --delete photos                    (it must be empty)"
        })
public final class BucketsCommand extends ClientCommand {
    @Option(names = "--create", paramLabel = "BUCKET", description = "Creates it, or finds that it exists.")
    private List<String> created = new ArrayList<>();

    @Option(names = "--delete", paramLabel = "BUCKET", description = "Deletes it if it is empty; exit 4 if it is not.")
    private List<String> deleted = new ArrayList<>();

    public BucketsCommand(Shell shell) {
        super(shell);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        for (String name : created) {
            MbCommand.create(cluster, name, output);
        }
        for (String name : deleted) {
            cluster.deleteBucket(name);
            output.result(() -> "deleted " + name, () -> named("deleted", name));
        }
        if (created.isEmpty() && deleted.isEmpty()) {
            for (BucketInfo bucket : cluster.buckets()) {
                output.result(() -> line(bucket, true), () -> JsonShapes.bucket(bucket));
            }
        }
        return ExitCode.OK;
    }

    static String line(BucketInfo bucket, boolean detailed) {
        return detailed ? String.format("%-24s  %s", bucket.createdAt(), bucket.name()) : bucket.name();
    }

    static JsonObject named(String what, String bucket) {
        JsonObject object = new JsonObject();
        object.addProperty(what, bucket);
        return object;
    }
}
