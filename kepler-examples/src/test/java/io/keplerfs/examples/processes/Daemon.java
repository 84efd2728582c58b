package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.KeplerCluster;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One real {@code kepler node} out of the runner's jar, which can be killed, paused and started again where it was. */
final class Daemon implements AutoCloseable {
    static final Path JAR = Path.of("target", "kepler.jar").toAbsolutePath();
    private static final long STOP_SECONDS = 30;

    private final Map<String, String> settings = new LinkedHashMap<>();
    private final Path home;
    private Optional<Process> process = Optional.empty();

    /**
     * A node that is not started yet.
     *
     * @param home gets the data directory {@code <label>} and the log {@code <label>.log}
     */
    Daemon(String label, Path home, int httpPort, int gossipPort, int transferPort) {
        this.home = home;
        settings.put("NODE_ID", label);
        settings.put("DATA_DIR", home.resolve(label).toString());
        settings.put("HTTP_PORT", Integer.toString(httpPort));
        settings.put("GOSSIP_PORT", Integer.toString(gossipPort));
        settings.put("TRANSFER_PORT", Integer.toString(transferPort));
    }

    Daemon with(String variable, String value) {
        settings.put(variable, value);
        return this;
    }

    int port(String variable) {
        return Integer.parseInt(settings.getOrDefault(variable, "0"));
    }

    String label() {
        return settings.getOrDefault("NODE_ID", "");
    }

    Path dataDirectory() {
        return Path.of(settings.getOrDefault("DATA_DIR", ""));
    }

    URI uri(String pathAndQuery) {
        return URI.create(url() + pathAndQuery);
    }

    String url() {
        return "http://127.0.0.1:" + settings.get("HTTP_PORT");
    }

    KeplerCluster connect() {
        return KeplerCluster.connect(url());
    }

    Map<String, String> settings() {
        return Map.copyOf(settings);
    }

    boolean isRunning() {
        return process.filter(Process::isAlive).isPresent();
    }

    /** Starts it, if it does not run. */
    Daemon start() throws IOException {
        if (!isRunning()) {
            process = Optional.of(launch(List.of("node", "--exit-with-stdin"), settings, logFile()));
        }
        return this;
    }

    private Path logFile() {
        return home.resolve(label() + ".log");
    }

    String log() throws IOException {
        return Files.readString(logFile());
    }

    /** Ends it as a power cut does, and waits until it is gone. */
    void kill() throws InterruptedException {
        Process running = process.orElseThrow();
        running.destroyForcibly();
        assertThat(running.waitFor(STOP_SECONDS, TimeUnit.SECONDS)).as("killed").isTrue();
    }

    /** SIGTERM; returns the exit status. */
    int terminate() throws InterruptedException {
        Process running = process.orElseThrow();
        running.destroy();
        assertThat(running.waitFor(STOP_SECONDS, TimeUnit.SECONDS))
                .as("stopped")
                .isTrue();
        return running.exitValue();
    }

    /** Closes its standard input, as the death of its parent does; returns the exit status. */
    int orphan() throws IOException, InterruptedException {
        Process running = process.orElseThrow();
        running.getOutputStream().close();
        assertThat(running.waitFor(STOP_SECONDS, TimeUnit.SECONDS))
                .as("stopped")
                .isTrue();
        return running.exitValue();
    }

    /** Waits until it ends by itself; returns the exit status. */
    int awaitExit() throws InterruptedException {
        Process running = process.orElseThrow();
        assertThat(running.waitFor(STOP_SECONDS, TimeUnit.SECONDS))
                .as("ended by itself")
                .isTrue();
        return running.exitValue();
    }

    /** Stops every thread of it where it is; its sockets stay open. */
    void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        String pid = Long.toString(process.orElseThrow().pid());
        assertThat(new ProcessBuilder("kill", signal, pid).start().waitFor()).isZero();
    }

    @Override
    public void close() {
        process.ifPresent(running -> running.destroyForcibly().onExit().join());
    }

    /** Runs the jar with these settings only: nothing of this process's environment reaches it but the path. */
    static Process launch(List<String> arguments, Map<String, String> environment, Path log) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-jar"));
        command.add(JAR.toString());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        String path = System.getenv().getOrDefault("PATH", "/usr/bin" + File.pathSeparator + "/bin");
        builder.environment().clear();
        builder.environment().put("PATH", path);
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** What a command that ends by itself left behind. */
    record Outcome(int exitCode, String output) {}

    /** Runs the jar to its end. */
    static Outcome run(Map<String, String> environment, Path log, String... arguments)
            throws IOException, InterruptedException {
        Process process = launch(List.of(arguments), environment, log);
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("'kepler %s' ended", String.join(" ", arguments))
                    .isTrue();
            return new Outcome(process.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }
}
