/** The standalone runner: sees the API only; the implementation is found at run time. */
module io.keplerfs.examples {
    requires com.google.gson;
    requires info.picocli;
    requires io.keplerfs;
    requires java.management;
    requires java.net.http;
    requires jdk.management;
    requires me.tongfei.progressbar;
    requires static org.jspecify;

    uses io.keplerfs.KeplerProvider;

    opens io.keplerfs.examples to
            info.picocli;
    opens io.keplerfs.examples.bench to
            info.picocli;
    opens io.keplerfs.examples.commands to
            info.picocli;
    opens io.keplerfs.examples.console to
            info.picocli;
    opens io.keplerfs.examples.daemon to
            info.picocli;
    opens io.keplerfs.examples.demo to
            info.picocli;
}
