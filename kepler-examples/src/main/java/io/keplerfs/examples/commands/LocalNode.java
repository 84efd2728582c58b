package io.keplerfs.examples.commands;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Calls that one certain node serves to its own machine alone, so that no other one can stand in for it. */
final class LocalNode {
    private LocalNode() {}

    /** The address of a call. */
    static URI uri(Shell shell, String url, String path) {
        String fromEnvironment = shell.environment().getOrDefault(ClientCommand.URL_VARIABLE, "");
        String base = !url.isBlank() ? url : !fromEnvironment.isBlank() ? fromEnvironment : ClientCommand.DEFAULT_URL;
        // Other commands may try several nodes; this one has to know which it means.
        if (base.contains(",")) {
            throw new IllegalArgumentException("'" + base + "' names several nodes: say with --url which one");
        }
        return URI.create(base.replaceAll("/+$", "") + path);
    }

    static JsonObject ask(HttpRequest request) throws IOException {
        HttpResponse<String> answer;
        try {
            HttpClient client =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            answer = client.send(request, BodyHandlers.ofString());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted before " + request.uri() + " answered", interrupted);
        } catch (IOException failed) {
            throw new IOException("no answer from " + request.uri() + ": " + failed, failed);
        }
        JsonObject json;
        try {
            json = JsonParser.parseString(answer.body()).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException notOurs) {
            throw new IOException(request.uri() + " is not a node: it answered " + answer.statusCode(), notOurs);
        }
        if (answer.statusCode() == 400) {
            throw new IllegalArgumentException(detail(json));
        } else if (answer.statusCode() != 200) {
            throw new IOException(request.uri() + " answered " + answer.statusCode() + ": " + detail(json));
        }
        return json;
    }

    private static String detail(JsonObject problem) {
        return problem.has("detail") ? problem.get("detail").getAsString() : "no reason given";
    }
}
