package io.keplerfs.repair;

import io.keplerfs.RepairWork;

/** Long work that an operator can watch and hold up. Owned by the loop: every method is called there and returns at once. */
public interface LongWork {
    RepairWork progress();

    /** Begins a round now instead of when it is due; nothing happens while one is running. Ends a pause. */
    void startNow();

    /** Begins nothing more until it is resumed; what is under way may end. The pause does not outlive the process. */
    void pause();

    /** Goes on where it was paused. */
    void resume();
}
