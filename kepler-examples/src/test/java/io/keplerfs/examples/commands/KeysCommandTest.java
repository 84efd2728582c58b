package io.keplerfs.examples.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.examples.Terminal;
import io.keplerfs.examples.Terminal.Result;
import io.keplerfs.spi.Keyring;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real node on loopback. */
class KeysCommandTest {
    private static final String OLD = Keyring.fingerprint("the old secret");
    private static final String NEW = Keyring.fingerprint("the new secret");

    @TempDir
    private Path directory;

    private KeplerNode node;

    @BeforeEach
    void start() throws Exception {
        node = KeplerNode.start(KeplerOptions.local("node-a", directory)
                .clusterSecret("the old secret")
                .build());
    }

    @AfterEach
    void close() {
        node.close();
    }

    private Result keys(String input, String... arguments) {
        String[] line = new String[arguments.length + 2];
        line[0] = "keys";
        line[1] = "--url=" + node.httpUri().orElseThrow();
        System.arraycopy(arguments, 0, line, 2, arguments.length);
        return new Terminal().withInput(input).run(line);
    }

    @Test
    void aSecretIsChangedWhileTheNodeRunsAndStaysChangedAfterARestart() throws Exception {
        assertThat(keys("").out()).containsPattern(OLD + "\\s+used\\s+CLUSTER_SECRET");

        Result added = keys("the new secret\n", "add");
        assertThat(added.exitCode()).isZero();
        assertThat(added.out()).containsPattern(NEW + "\\s+accepted\\s+added at run time");
        assertThat(keys("", "use", NEW).out()).containsPattern(NEW + "\\s+used");
        assertThat(keys("", "remove", OLD).out()).contains(NEW).doesNotContain(OLD);
        node.close();
        start();

        assertThat(keys("", "list").out()).contains(NEW).doesNotContain(OLD);
        assertThat(node.keys().list())
                .singleElement()
                .satisfies(key -> assertThat(key.fingerprint()).isEqualTo(NEW));
    }

    @Test
    void nobodyElseMayReadTheFileThatHoldsTheSecrets() throws Exception {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.getFileName().toString().startsWith("meta.db"))
                    .toList();
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .as("%s", file)
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void mistakesAreToldAndChangeNothing() {
        assertThat(keys("", "use", "nonsense").exitCode()).isEqualTo(2);
        assertThat(keys("", "add", "the new secret").err()).contains("not given on the command line");
        assertThat(keys("", "add").err()).contains("no secret came");
        assertThat(keys("short\n", "add").err()).contains("at least 12");
        assertThat(keys("", "use", NEW).err()).contains("add it first");
        assertThat(keys("", "remove", OLD).err()).contains("use another first");
        assertThat(keys("", "list", "--json").out())
                .isEqualTo("{\"keys\":[{\"fingerprint\":\"" + OLD + "\",\"primary\":true,\"configured\":true}]}\n");
    }
}
