package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.http.GatewayFixture.Answer;
import io.keplerfs.spi.Keyring;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeysPageTest {
    private static final String OLD = Keyring.fingerprint("the old secret");
    private static final String NEW = Keyring.fingerprint("the new secret");

    private final GatewayFixture http;

    KeysPageTest() throws IOException {
        http = new GatewayFixture();
    }

    @AfterEach
    void close() {
        http.close();
    }

    private Request.Builder post(String json) {
        return http.to("/v1/keys")
                .post(RequestBody.create(
                        json.getBytes(java.nio.charset.StandardCharsets.UTF_8), MediaType.get("application/json")));
    }

    private Request.Builder key(String method, String fingerprint) {
        return http.to("/v1/keys/" + fingerprint)
                .method(method, method.equals("PUT") ? GatewayFixture.body(new byte[0]) : null);
    }

    @Test
    void aSecretIsAddedUsedAndTheOldOneRemoved() throws Exception {
        assertThat(http.get("/v1/keys").text())
                .isEqualTo("{\"keys\":[{\"fingerprint\":\"" + OLD + "\",\"primary\":true,\"configured\":true}]}\n");

        Answer added = http.send(post("{\"secret\":\"the new secret\"}"));
        assertThat(added.status()).isEqualTo(200);
        assertThat(added.text()).contains(OLD, NEW).doesNotContain("the new secret");
        assertThat(http.send(key("PUT", NEW)).status()).isEqualTo(200);
        assertThat(http.keys.secrets).containsExactly("the new secret", "the old secret");
        assertThat(http.send(key("DELETE", OLD)).text()).contains(NEW).doesNotContain(OLD);
        assertThat(http.keys.secrets).containsExactly("the new secret");
    }

    @Test
    void whatMakesNoSenseIsRefusedAndQuotesNoSecret() throws Exception {
        for (String wrong :
                new String[] {"{secret: oops a secret", "[]", "{\"secret\":{}}", "{}", "a secret of mine"}) {
            Answer answer = http.send(post(wrong));
            assertThat(answer.status()).as(wrong).isEqualTo(400);
            assertThat(answer.detail()).doesNotContain("oops", "mine");
        }
        assertThat(http.send(post("{\"secret\":\"" + "x".repeat(5000) + "\"}")).status())
                .isEqualTo(400);
        assertThat(http.send(key("PUT", "nonsense")).status()).isEqualTo(400);
        assertThat(http.keys.secrets).containsExactly("the old secret");
    }

    @Test
    void whatABrowserSendsForAPageOfAnotherSiteIsRefused() throws Exception {
        Request.Builder plain = http.to("/v1/keys")
                .post(RequestBody.create(
                        "{\"secret\":\"the new secret\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        MediaType.get("text/plain")));
        assertThat(http.send(plain).status()).isEqualTo(400);
        Answer answer = http.send(post("{\"secret\":\"the new secret\"}").header("Origin", "http://evil.example"));
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.problem()).isEqualTo("forbidden");
        assertThat(http.keys.secrets).containsExactly("the old secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Forwarded", "X-Forwarded-For", "Via"})
    void aProxyOnThisMachineGetsNothing(String header) throws Exception {
        Answer answer = http.send(http.to("/v1/keys").header(header, "10.1.1.1"));

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text()).doesNotContain(OLD);
    }

    @Test
    void onlyCallersOnThisMachineAreServed() throws Exception {
        InetAddress here = address("10.1.1.1");
        assertThatCode(() -> LocalOnly.require(
                        address("127.0.0.1"),
                        address("127.0.0.1"),
                        Reply.newHeaders(),
                        "cluster keys are",
                        "kepler keys"))
                .doesNotThrowAnyException();
        assertThatCode(() -> LocalOnly.require(here, here, Reply.newHeaders(), "cluster keys are", "kepler keys"))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> LocalOnly.require(
                        address("10.1.1.2"), here, Reply.newHeaders(), "cluster keys are", "kepler keys"))
                .isInstanceOf(Refusal.class);
    }

    private static InetAddress address(String literal) throws UnknownHostException {
        return InetAddress.getByName(literal);
    }
}
