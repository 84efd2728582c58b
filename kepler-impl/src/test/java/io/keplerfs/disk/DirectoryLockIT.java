package io.keplerfs.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two real processes and one directory. */
class DirectoryLockIT {
    @TempDir
    private Path root;

    /** Opens the directory, says so, and holds it until it is killed. */
    public static void main(String[] arguments) throws IOException {
        DiskStore.open(DiskFixture.options(Path.of(arguments[0])));
        System.out.println("holding");
        System.in.read();
    }

    @Test
    void anotherProcessIsNamedAndItsDeathFreesTheDirectory() throws Exception {
        Process holder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        DirectoryLockIT.class.getName(),
                        root.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            BufferedReader output = holder.inputReader();
            assertThat(output.lines().anyMatch("holding"::equals)).isTrue();

            assertThatIOException()
                    .isThrownBy(() -> DiskStore.open(DiskFixture.options(root)))
                    .withMessageContaining(
                            "in use by process " + holder.pid() + " (node-a, since 2026-01-01T12:00:00Z)");
        } finally {
            holder.destroyForcibly();
        }
        assertThat(holder.waitFor(60, TimeUnit.SECONDS)).isTrue();

        try (DiskStore store = DiskStore.open(DiskFixture.options(root))) {
            assertThat(store.failed()).isEmpty();
        }
    }
}
