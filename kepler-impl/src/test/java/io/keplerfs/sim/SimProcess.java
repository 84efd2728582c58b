package io.keplerfs.sim;

import io.keplerfs.loop.Loop;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * One life of one node: its loop until it is killed; what it had scheduled dies with it. While it is paused nothing of it runs, and
 * all that was due does at the end.
 */
public final class SimProcess implements Loop {
    private final SimLoop world;
    private final SplittableRandom random;
    private long skewMillis;
    private long pausedUntil;
    private boolean dead;

    /** @param skewMillis how far this node's wall clock is ahead */
    public SimProcess(SimLoop world, long skewMillis) {
        this.world = world;
        this.random = world.fork();
        this.skewMillis = skewMillis;
    }

    public void kill() {
        dead = true;
    }

    /** Stops it for so long, as a signal or a long collection of garbage would. */
    public void pause(Duration time) {
        pausedUntil = Math.max(pausedUntil, world.nowNanos() + time.toNanos());
    }

    /** Sets its wall clock to so far ahead of the true time. */
    public void setSkew(long millis) {
        skewMillis = millis;
    }

    /** Runs the task now, or when the pause is over; never if it is dead then. */
    void whenAwake(Runnable task) {
        if (pausedUntil > world.nowNanos()) {
            world.after(pausedUntil - world.nowNanos(), () -> whenAwake(task));
        } else if (!dead) {
            task.run();
        }
    }

    public boolean isDead() {
        return dead;
    }

    @Override
    public void execute(Runnable task) {
        world.after(0, () -> whenAwake(task));
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        boolean[] cancelled = {false};
        world.after(delay, () -> {
            if (!cancelled[0]) {
                whenAwake(task);
            }
        });
        return () -> cancelled[0] = true;
    }

    @Override
    public long nanoTime() {
        return world.nowNanos();
    }

    @Override
    public long wallMillis() {
        return SimLoop.EPOCH_MILLIS + world.nowNanos() / 1_000_000 + skewMillis;
    }

    @Override
    public RandomGenerator random() {
        return random;
    }
}
