package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.Bucket;
import io.keplerfs.KeplerCluster;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.examples.locking.LockingExample;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that fight for one lock of a real cluster; one of them is stopped while it has it. */
class LockingIT {
    @TempDir
    private Path home;

    private Daemons daemons;
    private final List<Process> processes = new ArrayList<>();

    @BeforeEach
    void startThreeNodes() throws IOException {
        daemons = Daemons.start(home);
    }

    @AfterEach
    void stop() {
        processes.forEach(process -> process.destroyForcibly().onExit().join());
        daemons.close();
    }

    private Process example(Daemon gateway, String owner) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        Daemon.JAR.toString(),
                        LockingExample.class.getName(),
                        gateway.url(),
                        owner)
                .redirectErrorStream(true)
                .redirectOutput(log(owner).toFile())
                .start();
        processes.add(process);
        return process;
    }

    private Path log(String owner) {
        return home.resolve(owner + ".out");
    }

    private void awaitLine(String owner, String part) {
        await(owner + " says '" + part + "'")
                .atMost(Daemons.A_MINUTE)
                .untilAsserted(() -> assertThat(log(owner)).content().contains(part));
    }

    private static void signal(Process process, String signal) throws Exception {
        assertThat(new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private static void pressEnter(Process process) throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    @Test
    void theLateWriteOfAStoppedHolderIsRefusedAndNeverSeen() throws Exception {
        Process first = example(daemons.a(), "first");
        awaitLine("first", "holds token 1");
        signal(first, "-STOP");
        Process second = example(daemons.b(), "second");
        awaitLine("second", "holds token 2");
        pressEnter(second);
        awaitLine("second", "wrote version");

        pressEnter(first);
        signal(first, "-CONT");

        awaitLine("first", "came too late: precondition failed, token 2 is stored");
        assertThat(second.waitFor(1, TimeUnit.MINUTES)).isTrue();
        try (KeplerCluster cluster = daemons.c().connect()) {
            Bucket bucket = cluster.bucket("locking");
            try (InputStream in = bucket.open("result")) {
                assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo("second with token 2");
            }
            Assertions.assertThatThrownBy(() -> bucket.put("result", new byte[0], PutOptions.fencing(1)))
                    .isInstanceOfSatisfying(
                            PreconditionFailedException.class,
                            refused -> assertThat(refused.storedToken()).hasValue(2));
        }
    }

    @Test
    void theRunnerRunsACommandWhileItHoldsTheLockAndEndsAsItDoes() throws Exception {
        Path log = home.resolve("runner.out");
        Map<String, String> environment = Map.of("KEPLER_URL", daemons.a().url());
        assertThat(Daemon.run(environment, home.resolve("mb.out"), "mb", "jobs").exitCode())
                .isZero();

        Daemon.Outcome done = Daemon.run(
                environment,
                log,
                "lock",
                "jobs/lock",
                "--ttl",
                "5s",
                "--",
                "sh",
                "-c",
                "echo token=$KEPLER_FENCING_TOKEN; exit 9");
        assertThat(done.exitCode()).isEqualTo(9);
        assertThat(done.output()).contains("token=1");

        processes.add(Daemon.launch(
                List.of("lock", "jobs/lock", "--owner", "long one", "--", "sh", "-c", "echo begun; read line"),
                environment,
                home.resolve("long.out")));
        await().atMost(Daemons.A_MINUTE)
                .until(() -> Files.readString(home.resolve("long.out")).contains("begun"));
        Daemon.Outcome refused =
                Daemon.run(environment, home.resolve("refused.out"), "lock", "jobs/lock", "--", "echo", "ran");
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.output()).contains("long one").doesNotContain("ran");
    }
}
