package io.keplerfs.examples;

import io.keplerfs.Bucket;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.PutOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The snippet of the README: what is between the two marks is there word for word. */
public final class EmbeddingExample {
    private EmbeddingExample() {}

    /** Starts a node that is a cluster by itself, stores a file, reads it, lists it. */
    static void run(Path directory) throws IOException {
        // README begins
        KeplerOptions options = KeplerOptions.local("node-a", directory).build();
        try (KeplerNode node = KeplerNode.start(options)) {
            Bucket reports = node.cluster().createBucket("reports");
            byte[] text = "hello".getBytes(StandardCharsets.UTF_8);
            FileInfo first = reports.put("2026/q3.txt", text, PutOptions.ifAbsent());
            reports.put("2026/q3.txt", text, PutOptions.ifMatch(first.etag()));
            try (InputStream in = reports.open("2026/q3.txt")) {
                System.out.write(in.readAllBytes());
            }
            reports.list("2026/").forEach(file -> System.out.println(file.key() + " " + file.sizeBytes()));
        }
        // README ends
    }

    public static void main(String[] arguments) throws IOException {
        run(Path.of(arguments.length > 0 ? arguments[0] : "data/embedded"));
    }
}
