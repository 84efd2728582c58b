package io.keplerfs.sim.whole;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.keplerfs.sim.Figure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.LoggerFactory;

/** Runs seeds of {@link WholeSimulation} one after the other and adds up what they did. */
final class WholeRuns {
    private final Map<String, Long> outcomes = new TreeMap<>();
    private final Map<String, Long> faults = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();
    private long seeds;
    private long virtualSeconds;
    private long views;
    private long messages;

    /** Nodes that crash and disks that fail warn by the thousand. */
    static void quietly(Runnable work) {
        Logger log = (Logger) LoggerFactory.getLogger("io.keplerfs");
        Level before = log.getLevel();
        log.setLevel(Level.OFF);
        try {
            work.run();
        } finally {
            log.setLevel(before);
        }
    }

    void run(long seed, Duration length, boolean story) {
        WholeSimulation simulation = new WholeSimulation(seed, length, Flaw.NONE);
        List<String> violations = simulation.run();
        seeds++;
        virtualSeconds += simulation.loop().nowNanos() / 1_000_000_000;
        views += simulation.epochs();
        messages += simulation.wires().messages;
        simulation.outcomes().forEach((what, count) -> outcomes.merge(what, count, Long::sum));
        simulation.trouble().counts().forEach((what, count) -> faults.merge(what, count, Long::sum));
        if (story) {
            simulation.trace().tail().forEach(System.out::println);
        }
        if (!violations.isEmpty()) {
            failures.add("seed " + seed + ", replay with -Dtest=WholeNodeTest -Dseed=" + seed + " -Dseconds="
                    + length.toSeconds() + ": " + String.join("; ", violations));
        }
    }

    /** How many seeds it took to find a planted flaw; 0 if so many were not enough. */
    static int seedsToFind(Flaw flaw, long most, Duration length) {
        for (int seed = 0; seed < most; seed++) {
            List<String> violations = new WholeSimulation(seed, length, flaw).run();
            if (!violations.isEmpty()) {
                System.out.println(flaw + " found after seeds: " + (seed + 1) + ", "
                        + violations.get(0).lines().findFirst().orElse(""));
                return seed + 1;
            }
        }
        return 0;
    }

    /** One line for each seed that failed. */
    List<String> failures() {
        return failures;
    }

    void print() {
        Figure.print("whole.seeds", seeds);
        Figure.print("whole.virtual_minutes", virtualSeconds / 60);
        Figure.print("whole.messages", messages);
        Figure.print("whole.view_changes", views);
        outcomes.forEach((what, count) -> Figure.print("whole.operations." + name(what), count));
        faults.forEach((what, count) -> Figure.print("whole.faults." + name(what), count));
        Figure.print("whole.violations", failures.size());
    }

    private static String name(String words) {
        return words.toLowerCase(java.util.Locale.ROOT).replace(' ', '_');
    }
}
