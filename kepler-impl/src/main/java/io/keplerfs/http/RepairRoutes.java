package io.keplerfs.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.ClusterRepair;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.NodeId;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The calls of operators about repair. Runs on event loops and blocks none. */
final class RepairRoutes {
    private static final String NODE = "node";
    private static final String RATE = "bytesPerSecond";

    private final ClusterRepair repair;
    private final ViewRoutes views;

    RepairRoutes(ClusterRepair repair, ViewRoutes views) {
        this.repair = repair;
        this.views = views;
    }

    /** What is to be done about one piece of work. */
    @FunctionalInterface
    interface Order {
        CompletableFuture<RepairReport> give(String work, List<NodeId> nodes);
    }

    void status(Exchange exchange, Route route) throws Refusal {
        route.query().allowOnly();
        answer(exchange, repair.statusAsync());
    }

    void start(Exchange exchange, Route route) throws Refusal {
        order(exchange, route, repair::startAsync);
    }

    void pause(Exchange exchange, Route route) throws Refusal {
        order(exchange, route, repair::pauseAsync);
    }

    void resume(Exchange exchange, Route route) throws Refusal {
        order(exchange, route, repair::resumeAsync);
    }

    private void order(Exchange exchange, Route route, Order order) throws Refusal {
        route.query().allowOnly(NODE);
        at(exchange, route.query(), nodes -> order.give(route.key(), nodes));
    }

    void throttle(Exchange exchange, Route route) throws Refusal {
        Query query = route.query();
        query.allowOnly(NODE, RATE);
        if (query.text(RATE).isEmpty()) {
            throw Refusal.invalid("say how much: POST /v1/repair/throttle?bytesPerSecond=50000000");
        }
        long rate = query.value(RATE, 0L, RepairRoutes::rate);
        at(exchange, query, nodes -> repair.throttleAsync(rate, nodes));
    }

    private static long rate(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException(
                    "'" + Percent.printable(text) + "' is not a whole number of bytes", notANumber);
        }
    }

    /** At the nodes that are named, by label or id, comma-separated, or at all. */
    private void at(Exchange exchange, Query query, Function<List<NodeId>, CompletableFuture<RepairReport>> order) {
        Optional<String> name = query.text(NODE);
        CompletableFuture<List<NodeId>> nodes =
                name.isEmpty() ? CompletableFuture.completedFuture(List.of()) : views.nodes(name.get());
        answer(exchange, nodes.thenCompose(order));
    }

    private static void answer(Exchange exchange, CompletableFuture<RepairReport> report) {
        exchange.then(
                report,
                done -> exchange.answer(
                        Reply.json(HttpResponseStatus.OK, json(done).toString())));
    }

    private static JsonObject json(RepairReport report) {
        JsonObject json = new JsonObject();
        JsonArray nodes = new JsonArray();
        report.nodes().forEach(node -> nodes.add(json(node)));
        json.add("nodes", nodes);
        JsonArray silent = new JsonArray();
        report.silent().forEach(node -> silent.add(node.toString()));
        json.add("silent", silent);
        return json;
    }

    private static JsonObject json(RepairStatus status) {
        JsonObject json = new JsonObject();
        json.addProperty("node", status.node().toString());
        json.addProperty("label", status.label());
        json.addProperty("underReplicatedChunks", status.underReplicatedChunks());
        json.addProperty("copiesLeft", status.copiesLeft());
        json.addProperty("bytesLeft", status.bytesLeft());
        json.addProperty("bandwidthBytesPerSecond", status.bandwidthBytesPerSecond());
        json.addProperty("trashBytes", status.trashBytes());
        json.addProperty("unreferencedBytes", status.unreferencedBytes());
        JsonArray backlog = new JsonArray();
        status.backlog().forEach(one -> backlog.add(json(one)));
        json.add("backlog", backlog);
        JsonArray works = new JsonArray();
        status.works().forEach(work -> works.add(json(work)));
        json.add("works", works);
        return json;
    }

    private static JsonObject json(Backlog backlog) {
        JsonObject json = new JsonObject();
        json.addProperty("priority", backlog.priority().word());
        json.addProperty("tasks", backlog.tasks());
        json.addProperty("chunks", backlog.chunks());
        json.addProperty("bytes", backlog.bytes());
        return json;
    }

    private static JsonObject json(RepairWork work) {
        JsonObject json = new JsonObject();
        json.addProperty("name", work.name());
        json.addProperty("state", work.state().name().toLowerCase(Locale.ROOT));
        json.addProperty("done", work.done());
        json.addProperty("total", work.total());
        json.addProperty("doneBytes", work.doneBytes());
        json.addProperty("totalBytes", work.totalBytes());
        json.addProperty("bytesPerSecond", work.bytesPerSecond());
        json.addProperty("found", work.found());
        work.lastFinished().ifPresent(at -> json.addProperty("lastFinishedAt", Json.time(at)));
        work.remaining().ifPresent(left -> json.addProperty("remainingSeconds", left.toSeconds()));
        return json;
    }
}
