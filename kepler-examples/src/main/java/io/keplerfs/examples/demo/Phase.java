package io.keplerfs.examples.demo;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.examples.console.Amounts;
import java.util.List;

/**
 * What one phase of the demo came to.
 *
 * @param name what was done
 * @param files handled, including failed ones
 * @param bytes moved
 * @param nanos it took
 * @param problems one sentence each; none means that everything was as it must be
 */
record Phase(String name, int files, long bytes, long nanos, List<String> problems) {
    Phase {
        problems = List.copyOf(problems);
    }

    boolean ok() {
        return problems.isEmpty();
    }

    String verdict() {
        return ok() ? "ok" : problems.size() + " WRONG";
    }

    JsonObject asJson() {
        JsonObject object = new JsonObject();
        object.addProperty("phase", name);
        object.addProperty("files", files);
        object.addProperty("bytes", bytes);
        object.addProperty("seconds", nanos / 1e9);
        object.addProperty("megabytesPerSecond", Amounts.megabytesPerSecond(bytes, nanos));
        object.addProperty("ok", ok());
        JsonArray list = new JsonArray();
        problems.forEach(list::add);
        object.add("problems", list);
        return object;
    }
}
