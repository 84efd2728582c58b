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
    private long pausedUntilNanos;
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

    /** Nothing of it runs for so long, as after a signal or in a long collection of garbage; what becomes due runs afterwards. */
    public void pause(Duration time) {
        pausedUntilNanos = Math.max(pausedUntilNanos, world.nowNanos() + time.toNanos());
    }

    public boolean isPaused() {
        return world.nowNanos() < pausedUntilNanos;
    }

    /** Sets its wall clock to so far ahead of the true time. */
    public void setSkew(long millis) {
        skewMillis = millis;
    }

    /** Somebody sets its wall clock. */
    public void jump(Duration forward) {
        skewMillis += forward.toMillis();
    }

    /** Runs the task now, or when the pause is over; never if it is dead then. */
    void whenAwake(Runnable task) {
        if (!dead && isPaused()) {
            world.after(pausedUntilNanos - world.nowNanos(), () -> whenAwake(task));
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
