package io.keplerfs.client;

import io.keplerfs.Credentials;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A bare socket that says "continue" once and keeps every byte until it has enough or the other side closes. */
final class OneUpload implements AutoCloseable {
    private final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    private final CompletableFuture<String> received = new CompletableFuture<>();

    private final int enoughBytes;

    /** @param enoughBytes the socket is closed when so many came */
    OneUpload(int enoughBytes) throws IOException {
        this.enoughBytes = enoughBytes;
        Thread server = new Thread(this::serve, "one-upload");
        server.setDaemon(true);
        server.start();
    }

    RemoteCluster client() {
        return RemoteCluster.connect(
                List.of(URI.create("http://127.0.0.1:" + listening.getLocalPort())),
                Credentials.NONE,
                Thread::new,
                System::nanoTime,
                new Random(1));
    }

    /** Everything that came, once the connection has ended. */
    String received() throws Exception {
        return received.get(10, TimeUnit.SECONDS);
    }

    private void serve() {
        try (Socket socket = listening.accept()) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            InputStream in = socket.getInputStream();
            while (!all.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                all.write(in.read());
            }
            socket.getOutputStream().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            try {
                all.write(in.readNBytes(enoughBytes));
            } catch (SocketException reset) {
                // a reset is an end too
            }
            received.complete(all.toString(StandardCharsets.ISO_8859_1));
        } catch (IOException failure) {
            received.completeExceptionally(failure);
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
