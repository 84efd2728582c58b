package io.keplerfs.http;

import com.google.gson.JsonObject;
import io.keplerfs.MetadataBackup;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * {@code POST /v1/backup?to=<absolute path>}: the node writes a copy of its metadata into a new file on its own machine, for callers on
 * that machine. It is not sent, because it holds the cluster secrets, and a file has an owner.
 */
final class BackupRoute {
    private BackupRoute() {}

    static void serve(Exchange exchange, Route route, Function<Path, CompletableFuture<MetadataBackup>> backups)
            throws Refusal {
        LocalOnly.require(exchange, "backups are", "kepler backup");
        route.query().allowOnly("to");
        Path to = path(route.query()
                .text("to")
                .orElseThrow(() -> Refusal.invalid("say with ?to= which new file the backup goes to")));
        exchange.then(
                backups.apply(to),
                backup -> exchange.answer(
                        Reply.json(HttpResponseStatus.OK, json(backup).toString())));
    }

    private static Path path(String text) throws Refusal {
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException strange) {
            throw Refusal.invalid("'" + Percent.printable(text) + "' is no path: " + strange.getReason());
        }
        throw Refusal.invalid("'" + Percent.printable(text)
                + "' is not an absolute path: the node's working directory may be another than yours");
    }

    private static JsonObject json(MetadataBackup backup) {
        JsonObject json = new JsonObject();
        json.addProperty("file", backup.file().toString());
        json.addProperty("sizeBytes", backup.sizeBytes());
        json.addProperty("registers", backup.registers());
        json.addProperty("chunks", backup.chunks());
        return json;
    }
}
