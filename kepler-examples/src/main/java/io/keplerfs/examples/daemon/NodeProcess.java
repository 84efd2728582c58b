package io.keplerfs.examples.daemon;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A node in a process of its own, so that it can be killed as a crash kills it. It never outlives this process: it ends when
 * its standard input does, which this process holds.
 */
public final class NodeProcess implements AutoCloseable {
    private static final long KILL_SECONDS = 10;

    private final Process process;

    private NodeProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts {@code kepler node} with the class path of this process.
     *
     * @param settings by the names of the configuration table; nothing is inherited from this process's environment
     * @param maxHeap as in {@code -Xmx}
     * @param log appended to: everything it says
     */
    public static NodeProcess start(Map<String, String> settings, String maxHeap, Path log) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + maxHeap);
        String classPath = System.getProperty("java.class.path");
        if (classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator)) {
            command.addAll(List.of("-jar", classPath));
        } else {
            command.addAll(List.of("-cp", classPath, "io.keplerfs.examples.Kepler"));
        }
        command.addAll(List.of("node", "--exit-with-stdin", "--json"));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        NodeVariable.all().forEach(variable -> builder.environment().remove(variable.name()));
        builder.environment().putAll(settings);
        return new NodeProcess(builder.start());
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Kills it without warning, as kill -9 does, and waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(KILL_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(
                    "process " + process.pid() + " is still there " + KILL_SECONDS + " s after it was killed");
        }
    }

    /** Tells it to stop and kills it if it does not. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (process.waitFor(KILL_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
