package io.keplerfs.disk;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Who a data directory is: the file {@code node.json}, UTF-8, written once.
 *
 * <pre>
 * {
 *   "format": 1,                                       layout of the whole directory, counts up
 *   "nodeId": "2f1c0e64-6d5b-4c8e-9d0a-0f6a3f7b1c22",  for ever
 *   "label": "node-a",                                 name in the configuration
 *   "createdMillis": 1767225600000                     since 1970
 * }
 * </pre>
 *
 * <p>A new directory gets {@code node.json.tmp} first and, when everything else in it is durable, this name: a directory with
 * only the former is half-born and may be begun anew, one with the latter must be complete. The id of the cluster is not here
 * but in the table {@code settings}, because it is learned later.
 */
record NodeFile(NodeId nodeId, String label, long createdMillis) {
    static final String FILE = "node.json";
    static final String UNBORN = "node.json.tmp";
    /** The layout this release writes, and the highest it reads. */
    static final int FORMAT = 1;

    static NodeFile read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        try {
            JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            int format = json.get("format").getAsInt();
            if (format > FORMAT) {
                throw new IOException("data directory " + directory + " has format " + format
                        + ", this release knows formats up to " + FORMAT + ": use a release that is at least as new");
            }
            return new NodeFile(
                    NodeId.parse(json.get("nodeId").getAsString()),
                    json.get("label").getAsString(),
                    json.get("createdMillis").getAsLong());
        } catch (CharacterCodingException
                | JsonParseException
                | IllegalStateException
                | IllegalArgumentException
                | UnsupportedOperationException
                | NullPointerException damaged) {
            throw new IOException(
                    file + " is damaged: restore it, or wipe the directory to join as a new member", damaged);
        }
    }

    /** Writes the file aside; {@link #publish} gives it its name. */
    void prepare(Path directory, Disk disk) throws IOException {
        JsonObject json = new JsonObject();
        json.addProperty("format", FORMAT);
        json.addProperty("nodeId", nodeId.toString());
        json.addProperty("label", label);
        json.addProperty("createdMillis", createdMillis);
        String text = new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n";
        try (Disk.Output out = disk.create(directory.resolve(UNBORN))) {
            out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            out.force();
        }
        disk.forceDirectory(directory);
    }

    static void publish(Path directory, Disk disk) throws IOException {
        disk.rename(directory.resolve(UNBORN), directory.resolve(FILE));
        disk.forceDirectory(directory);
    }
}
