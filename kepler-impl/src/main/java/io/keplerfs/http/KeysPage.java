package io.keplerfs.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.keplerfs.ClusterKeys;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/**
 * {@code /v1/keys}: the cluster secrets, for callers on this machine alone. It takes secrets and tells fingerprints.
 *
 * <p>For maintainers: the gateway knows no passwords, so "on this machine" has to stand for one. A proxy on this machine speaks
 * for others, and says so; a browser on this machine speaks for the page it shows, and says so in Origin with everything but a
 * GET. Both are refused.
 */
final class KeysPage {
    /** A secret and its JSON around it. */
    private static final int MAX_BODY_BYTES = 4 << 10;

    private static final String PATH = "/v1/keys/";
    private static final String JSON = "application/json";

    private final GatewayContext gateway;

    KeysPage(GatewayContext gateway) {
        this.gateway = gateway;
    }

    RequestBody begin(Exchange exchange, Route route) throws Refusal {
        LocalOnly.require(exchange, "cluster keys are", "kepler keys");
        route.query().allowOnly();
        HttpMethod method = exchange.request().method();
        if (!method.equals(HttpMethod.POST)) {
            int small = gateway.limits().smallBytes();
            return new DiscardedBody(
                    small, () -> exchange.attempt(() -> gateway.workers.run(() -> change(exchange, method))));
        }
        long length = HttpUtil.getContentLength(exchange.request(), -1L);
        if (length < 0 || length > MAX_BODY_BYTES) {
            throw Refusal.invalid("a Content-Length of up to " + MAX_BODY_BYTES + " bytes is needed");
        }
        // Pages of other sites cannot send this type without being asked for leave, which nobody gives.
        if (!JSON.equals(exchange.headers().get(HttpHeaderNames.CONTENT_TYPE))) {
            throw Refusal.invalid("Content-Type has to be " + JSON);
        }
        return new CollectedBody(
                (int) length,
                content -> exchange.attempt(() -> {
                    String secret = secret(content);
                    gateway.workers.run(() -> exchange.attempt(() -> {
                        keys().add(secret);
                        answer(exchange);
                    }));
                }));
    }

    private void change(Exchange exchange, HttpMethod method) {
        exchange.attempt(() -> {
            String path = exchange.request().uri();
            String fingerprint = path.startsWith(PATH) ? path.substring(PATH.length()) : "";
            if (method.equals(HttpMethod.PUT)) {
                keys().use(fingerprint);
            } else if (method.equals(HttpMethod.DELETE)) {
                keys().remove(fingerprint);
            }
            answer(exchange);
        });
    }

    private ClusterKeys keys() throws Refusal {
        return gateway.options
                .keys()
                .orElseThrow(() -> new Refusal(Problem.notSupported(
                        HttpResponseStatus.NOT_IMPLEMENTED, "this gateway was started without cluster keys")));
    }

    /** What there is now, whatever was asked for. */
    private void answer(Exchange exchange) throws Refusal {
        JsonArray list = new JsonArray();
        for (ClusterKeys.Key key : keys().list()) {
            JsonObject json = new JsonObject();
            json.addProperty("fingerprint", key.fingerprint());
            json.addProperty("primary", key.primary());
            json.addProperty("configured", key.configured());
            list.add(json);
        }
        JsonObject all = new JsonObject();
        all.add("keys", list);
        exchange.answer(Reply.json(HttpResponseStatus.OK, all.toString()));
    }

    private static String secret(byte[] content) throws Refusal {
        try {
            JsonElement json = JsonParser.parseString(new String(content, StandardCharsets.UTF_8));
            return Stream.of(json)
                    .filter(JsonElement::isJsonObject)
                    .map(found -> found.getAsJsonObject().get("secret"))
                    .filter(found -> found != null && found.isJsonPrimitive())
                    .findFirst()
                    .orElseThrow(() -> Refusal.invalid("the body has to be {\"secret\":\"...\"}"))
                    .getAsString();
        } catch (JsonParseException notJson) {
            // Its message quotes the body.
            throw Refusal.invalid("the body is not JSON, it has to be {\"secret\":\"...\"}");
        }
    }
}
