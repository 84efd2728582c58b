package io.keplerfs.examples.commands;

import io.keplerfs.ClusterRepair;
import io.keplerfs.ClusterViews;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.UnavailableException;
import io.keplerfs.ViewStatus;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Waits until no copy is left to make: every member answers, ownership has settled, and nobody has a copy to make in any look of
 * {@value #QUIET_LOOKS} seconds. A node that has just started, or met a new view, needs some of them to find out what it owes.
 */
final class RepairWait {
    static final long LOOK_EVERY_MILLIS = 1_000;
    /** Looks in a row that must find nothing; copies are owed within seconds of a view, and counted some seconds later. */
    static final int QUIET_LOOKS = 10;
    /** Looks in a row that a member may be silent: a restart takes less. */
    static final int SILENT_LOOKS = 60;

    private final ClusterRepair repair;
    private final ClusterViews views;
    private final Consumer<String> note;
    private final Pause pause;
    private Optional<String> told = Optional.empty();
    private long quietEpoch;
    private int quiet;
    private int silent;

    /** Lets {@link #LOOK_EVERY_MILLIS} pass. */
    @FunctionalInterface
    interface Pause {
        void pass() throws IOException;
    }

    /** @param note is told how it gets on, when that has changed */
    RepairWait(ClusterRepair repair, ClusterViews views, Consumer<String> note, Pause pause) {
        this.repair = repair;
        this.views = views;
        this.note = note;
        this.pause = pause;
    }

    /**
     * The last look.
     *
     * @throws InvalidRequestException if copies are paused, so that it would never end
     * @throws UnavailableException if a member does not answer for a minute: it may know of copies
     */
    RepairReport untilDone() throws IOException {
        while (true) {
            RepairReport now = repair.status();
            ViewStatus view = views.status();
            Optional<String> reason = reason(now, view);
            quiet = reason.isPresent() ? 0 : view.epoch() == quietEpoch ? quiet + 1 : 1;
            quietEpoch = view.epoch();
            if (quiet > QUIET_LOOKS) {
                return now;
            }
            tell(reason.orElse("repair: nothing to copy now; looking again for " + QUIET_LOOKS + " s"));
            refuseEndlessWait(now);
            pause.pass();
        }
    }

    /** Why it is not done. */
    private static Optional<String> reason(RepairReport now, ViewStatus view) {
        Optional<String> copies = RepairView.line(now);
        if (copies.isPresent()) {
            return copies;
        } else if (!now.silent().isEmpty()) {
            return Optional.of("repair: waiting for an answer of " + now.silent());
        }
        return view.settled() ? Optional.empty() : Optional.of("repair: ownership is moving to view " + view.epoch());
    }

    private void tell(String line) {
        if (!told.equals(Optional.of(line))) {
            note.accept(line);
            told = Optional.of(line);
        }
    }

    private void refuseEndlessWait(RepairReport report) throws IOException {
        for (RepairStatus node : report.nodes()) {
            boolean paused = node.work(RepairStatus.QUEUE)
                    .filter(work -> work.state() == RepairWork.State.PAUSED)
                    .isPresent();
            if (paused && node.copiesLeft() > 0) {
                throw new InvalidRequestException("copies are paused on " + node.label()
                        + ", so they would never end; 'kepler repair resume queue' goes on");
            }
        }
        silent = report.silent().isEmpty() ? 0 : silent + 1;
        if (silent >= SILENT_LOOKS) {
            throw new UnavailableException("no answer from " + report.silent() + " for " + SILENT_LOOKS
                    + " s: nobody knows what they have to copy; start or evict them");
        }
    }
}
