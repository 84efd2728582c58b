package io.keplerfs.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.ClusterViews;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.NotFoundException;
import io.keplerfs.ViewStatus;
import io.keplerfs.values.NodeId;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The calls of operators about the agreed view. Runs on event loops and blocks none. */
final class ViewRoutes {
    private final ClusterViews views;

    ViewRoutes(ClusterViews views) {
        this.views = views;
    }

    void status(Exchange exchange, Route route) throws Refusal {
        route.query().allowOnly();
        exchange.then(
                views.statusAsync(),
                status -> exchange.answer(
                        Reply.json(HttpResponseStatus.OK, json(status).toString())));
    }

    void drain(Exchange exchange, Route route) throws Refusal {
        route.query().allowOnly();
        boolean cancel = exchange.request().method().equals(HttpMethod.DELETE);
        change(exchange, node(route.key()), cancel ? views::cancelDrainAsync : views::drainAsync);
    }

    void evict(Exchange exchange, Route route) throws Refusal {
        route.query().allowOnly();
        change(exchange, node(route.key()), views::evictAsync);
    }

    /** Only from this machine: whoever may log in here may decide that data is given up. */
    void force(Exchange exchange, Route route) throws Refusal {
        Query query = route.query();
        query.allowOnly("survivors", "accept-data-loss");
        LocalOnly.require(exchange, "forcing a view is", "kepler force-view");
        if (!query.text("accept-data-loss").filter("true"::equals).isPresent()) {
            throw Refusal.invalid("a forced view loses what only the lost nodes had: read docs/operations.md, "
                    + "then say accept-data-loss=true");
        }
        change(exchange, nodes(query.text("survivors").orElse("")), views::forceAsync);
    }

    /** The members of these labels or ids, comma-separated; fails with NotFoundException. */
    CompletableFuture<List<NodeId>> nodes(String commaSeparated) {
        List<String> names = Arrays.stream(commaSeparated.split(",", -1))
                .map(String::trim)
                .filter(name -> !name.isEmpty())
                .toList();
        return views.statusAsync().thenCompose(status -> resolved(status, names));
    }

    private <T> void change(
            Exchange exchange, CompletableFuture<T> subject, Function<T, CompletableFuture<Void>> change) {
        exchange.then(
                subject.thenCompose(change).thenCompose(done -> views.statusAsync()),
                status -> exchange.answer(
                        Reply.json(HttpResponseStatus.OK, json(status).toString())));
    }

    private CompletableFuture<NodeId> node(String name) {
        return views.statusAsync()
                .thenCompose(status -> resolved(status, List.of(name)))
                .thenApply(nodes -> nodes.get(0));
    }

    /** By label or id; a node that is no member any more has only its id left. */
    private static CompletableFuture<List<NodeId>> resolved(ViewStatus status, List<String> names) {
        if (names.isEmpty()) {
            return CompletableFuture.failedFuture(new InvalidRequestException("no node is named"));
        }
        try {
            List<NodeId> nodes = new ArrayList<>();
            for (String name : names) {
                nodes.add(resolved(status, name));
            }
            return CompletableFuture.completedFuture(nodes);
        } catch (NotFoundException unknown) {
            return CompletableFuture.failedFuture(unknown);
        }
    }

    private static NodeId resolved(ViewStatus status, String name) throws NotFoundException {
        List<NodeId> found = status.members().stream()
                .filter(member ->
                        member.label().equals(name) || member.id().toString().equals(name))
                .map(ViewStatus.Member::id)
                .toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        return status.departed().stream()
                .filter(id -> id.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new NotFoundException("'" + Percent.printable(name)
                        + "' is the label or id of " + found.size() + " members of view " + status.epoch()
                        + ", GET /v1/cluster/view lists them"));
    }

    static JsonObject json(ViewStatus status) {
        JsonObject json = new JsonObject();
        json.addProperty("epoch", status.epoch());
        json.addProperty("settled", status.settled());
        json.addProperty("replicationFactor", status.replicationFactor());
        json.addProperty("forcedEpoch", status.forcedEpoch());
        JsonArray members = new JsonArray();
        status.members().forEach(member -> members.add(json(member)));
        json.add("members", members);
        JsonArray departed = new JsonArray();
        status.departed().forEach(id -> departed.add(id.toString()));
        json.add("departed", departed);
        return json;
    }

    private static JsonObject json(ViewStatus.Member member) {
        JsonObject json = new JsonObject();
        json.addProperty("id", member.id().toString());
        json.addProperty("label", member.label());
        json.addProperty("zone", member.zone());
        json.addProperty("weight", member.weight());
        json.addProperty("state", member.state().name().toLowerCase(Locale.ROOT));
        json.addProperty("leftToHandOver", member.leftToHandOver());
        return json;
    }
}
