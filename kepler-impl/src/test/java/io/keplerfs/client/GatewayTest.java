package io.keplerfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "127.0.0.1",
                "localhost:3001",
                "ftp://host",
                "http:/",
                "http:///x",
                "http://host/api",
                "http://host/?a=b",
                "http://host/#f",
                "http://user:secret@host"
            })
    void anAddressThatIsNotAGatewayIsRefusedByName(String address) {
        assertThatThrownBy(() -> Gateway.of(URI.create(address)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + address + "'")
                .hasMessageContaining("http://127.0.0.1:3001");
    }

    @Test
    void aTrailingSlashAndADefaultPortDoNotMatter() {
        assertThat(Gateway.of(URI.create("HTTP://Host:80/"))).isEqualTo(Gateway.of(URI.create("http://host")));
        assertThat(Gateway.of(URI.create("https://[::1]:3001"))).hasToString("https://[::1]:3001");
    }
}
