/** The implementation: exports nothing, found through {@link java.util.ServiceLoader}. */
module io.keplerfs.impl {
    requires io.keplerfs;
    requires static org.jspecify;
    requires com.google.common;
    requires com.google.gson;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires java.sql;
    requires okhttp3;
    requires okio;
    requires org.slf4j;
    requires org.xerial.sqlitejdbc;

    provides io.keplerfs.KeplerProvider with
            io.keplerfs.node.NodeProvider;
}
