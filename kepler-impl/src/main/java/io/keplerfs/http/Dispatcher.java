package io.keplerfs.http;

import com.google.gson.JsonObject;
import io.keplerfs.Consistency;
import io.keplerfs.KeplerCluster;
import io.keplerfs.ListOptions;
import io.keplerfs.NodeHealth;
import io.keplerfs.values.ChunkId;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.util.Optional;
import java.util.function.Predicate;

/** Sends each request to the call it stands for. Runs on event loops and blocks none; safe for use by several. */
final class Dispatcher {
    private final GatewayContext gateway;
    private final KeplerCluster cluster;
    private final FileUpload uploads;
    private final FileDownload downloads;
    private final MetricsPage metrics;
    private final KeysPage keys;
    private final ViewRoutes views;
    private final RepairRoutes repair;

    Dispatcher(GatewayContext gateway) {
        this.gateway = gateway;
        this.cluster = gateway.cluster;
        this.uploads = new FileUpload(gateway);
        this.downloads = new FileDownload(gateway);
        this.metrics = new MetricsPage(gateway);
        this.keys = new KeysPage(gateway);
        this.views = new ViewRoutes(gateway.cluster.views());
        this.repair = new RepairRoutes(gateway.cluster.repair(), views);
    }

    /**
     * Checks what the headers alone can tell and says who takes the body. A request that is refused here closes its
     * connection, unless its body is so small that reading it is cheaper.
     *
     * @param roomAgain see {@link BodyPipe}
     */
    RequestBody begin(Exchange exchange, Runnable roomAgain) throws Refusal {
        int small = gateway.limits().smallBytes();
        try {
            Route route = Route.of(
                    exchange.endpoint(),
                    exchange.request().method().name(),
                    exchange.request().uri());
            if (route.endpoint() == Endpoint.KEYS || route.endpoint() == Endpoint.KEY) {
                return keys.begin(exchange, route);
            }
            return route.endpoint() == Endpoint.FILE && is(exchange, HttpMethod.PUT)
                    ? uploads.begin(exchange, route, roomAgain)
                    : new DiscardedBody(small, () -> exchange.attempt(() -> serve(exchange, route)));
        } catch (Refusal refusal) {
            boolean cheap = !HttpUtil.isTransferEncodingChunked(exchange.request())
                    && !HttpUtil.is100ContinueExpected(exchange.request())
                    && HttpUtil.getContentLength(exchange.request(), 0L) <= small;
            if (!cheap) {
                throw refusal;
            }
            return new DiscardedBody(small, () -> exchange.refuse(refusal.problem()));
        }
    }

    private void serve(Exchange exchange, Route route) throws Refusal {
        switch (route.endpoint()) {
            case FILE -> file(exchange, route);
            case LISTING -> list(exchange, route);
            case CONFLICTS -> conflicts(exchange, route);
            case CONFLICT -> conflict(exchange, route);
            case BUCKET -> bucket(exchange, route);
            case BUCKETS -> {
                route.query().allowOnly();
                exchange.then(cluster.bucketsAsync(), found -> ok(exchange, Json.buckets(found)));
            }
            case CLUSTER -> {
                route.query().allowOnly();
                exchange.then(cluster.statusAsync(), status -> ok(exchange, Json.status(status)));
            }
            case OWNERS -> {
                route.query().allowOnly();
                exchange.then(
                        cluster.ringOwnersAsync(route.bucket(), route.key()),
                        owners -> ok(exchange, Json.owners(owners)));
            }
            case CHUNK -> {
                route.query().allowOnly();
                exchange.then(
                        cluster.chunkAsync(ChunkId.parse(route.key())), report -> ok(exchange, Json.chunk(report)));
            }
            case FILE_CHUNKS -> {
                route.query().allowOnly("from", "limit");
                long from = route.query().value("from", 0L, Dispatcher::place);
                int limit = route.query().value("limit", ListOptions.MAX_LIMIT, Dispatcher::limit);
                exchange.then(
                        cluster.chunksAsync(route.bucket(), route.key(), from, limit),
                        chunks -> ok(exchange, Json.chunks(chunks)));
            }
            case REPAIR -> repair.status(exchange, route);
            case REPAIR_THROTTLE -> repair.throttle(exchange, route);
            case REPAIR_START -> repair.start(exchange, route);
            case REPAIR_PAUSE -> repair.pause(exchange, route);
            case REPAIR_RESUME -> repair.resume(exchange, route);
            case VIEW -> views.status(exchange, route);
            case DRAIN -> views.drain(exchange, route);
            case EVICT -> views.evict(exchange, route);
            case FORCE_VIEW -> views.force(exchange, route);
            case LIVE -> health(exchange, NodeHealth::live);
            case READY -> health(exchange, NodeHealth::ready);
            case METRICS -> metrics.serve(exchange);
            case INDEX -> exchange.answer(IndexPage.reply(gateway.options));
            case KEYS, KEY, NONE -> throw new AssertionError("no route answers itself: " + exchange);
        }
    }

    private void file(Exchange exchange, Route route) throws Refusal {
        if (!is(exchange, HttpMethod.DELETE)) {
            downloads.serve(exchange, route);
            return;
        }
        exchange.then(
                cluster.bucket(route.bucket())
                        .deleteAsync(route.key(), WriteRequest.delete(exchange.headers(), route.query())),
                existed -> deleted(exchange, existed));
    }

    private static void deleted(Exchange exchange, boolean existed) {
        Reply reply = Reply.empty(HttpResponseStatus.NO_CONTENT);
        reply.headers().set("X-Kepler-Deleted", Boolean.toString(existed));
        exchange.answer(reply);
    }

    private void conflict(Exchange exchange, Route route) throws Refusal {
        if (!is(exchange, HttpMethod.DELETE)) {
            downloads.serveConflict(exchange, route);
            return;
        }
        route.query().allowOnly("version");
        exchange.then(
                cluster.bucket(route.bucket()).conflicts().dropAsync(route.key(), WriteRequest.loser(route.query())),
                existed -> deleted(exchange, existed));
    }

    private void conflicts(Exchange exchange, Route route) throws Refusal {
        Query query = route.query();
        query.allowOnly("prefix", "after", "limit");
        ListOptions options = new ListOptions(
                query.text("prefix").orElse(""),
                Optional.empty(),
                query.text("after"),
                query.value("limit", ListOptions.MAX_LIMIT, Dispatcher::limit),
                Consistency.QUORUM);
        exchange.then(
                cluster.bucket(route.bucket()).conflicts().listAsync(options),
                page -> ok(exchange, Json.conflicts(page)));
    }

    private void list(Exchange exchange, Route route) throws Refusal {
        Query query = route.query();
        query.allowOnly("prefix", "delimiter", "after", "limit", "consistency");
        ListOptions options = new ListOptions(
                query.text("prefix").orElse(""),
                query.text("delimiter"),
                query.text("after"),
                query.value("limit", ListOptions.MAX_LIMIT, Dispatcher::limit),
                query.value("consistency", Consistency.QUORUM, Consistency::parse));
        exchange.then(cluster.bucket(route.bucket()).listAsync(options), page -> ok(exchange, Json.page(page)));
    }

    private static int limit(String text) {
        if (!text.matches("\\d{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > ListOptions.MAX_LIMIT) {
            throw new IllegalArgumentException(
                    "'" + Percent.printable(text) + "' is not a whole number from 1 to " + ListOptions.MAX_LIMIT);
        }
        return Integer.parseInt(text);
    }

    private static long place(String text) {
        if (!text.matches("\\d{1,18}")) {
            throw new IllegalArgumentException("'" + Percent.printable(text) + "' is not a place, from 0");
        }
        return Long.parseLong(text);
    }

    private void bucket(Exchange exchange, Route route) throws Refusal {
        route.query().allowOnly();
        if (is(exchange, HttpMethod.DELETE)) {
            exchange.then(
                    cluster.deleteBucketAsync(route.bucket()),
                    done -> exchange.answer(Reply.empty(HttpResponseStatus.NO_CONTENT)));
            return;
        }
        exchange.then(cluster.createBucketAsync(route.bucket()), bucket -> {
            JsonObject json = new JsonObject();
            json.addProperty("name", bucket.name());
            Reply reply = Reply.json(HttpResponseStatus.CREATED, json.toString());
            reply.headers().set(HttpHeaderNames.LOCATION, "/v1/files/" + bucket.name());
            exchange.answer(reply);
        });
    }

    private void health(Exchange exchange, Predicate<NodeHealth> good) {
        NodeHealth health = gateway.health.get();
        HttpResponseStatus status = good.test(health) ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE;
        exchange.answer(Reply.json(status, Json.health(health).toString()));
    }

    private static void ok(Exchange exchange, JsonObject json) {
        exchange.answer(Reply.json(HttpResponseStatus.OK, json.toString()));
    }

    private static boolean is(Exchange exchange, HttpMethod method) {
        return exchange.request().method().equals(method);
    }
}
