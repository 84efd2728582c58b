package io.keplerfs.tcp;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How sockets of this package are set up and put away. */
final class Sockets {
    private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);

    private Sockets() {}

    /** Buffer sizes stay the system's: it grows them with the connection, and a fixed size would end that. */
    static void configure(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    }

    /** Where the other side is, for people. */
    static String remote(SocketChannel channel) {
        try {
            return String.valueOf(channel.getRemoteAddress());
        } catch (IOException closed) {
            return "(closed)";
        }
    }

    /** What to tell people about a failure: some have no message. */
    static String reason(IOException failure) {
        String message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : message;
    }

    /** Nothing can be done about a close that fails, and nothing more is expected of the socket. */
    static void close(Closeable socket) {
        try {
            socket.close();
        } catch (IOException failed) {
            LOG.debug("closing {} failed", socket, failed);
        }
    }
}
