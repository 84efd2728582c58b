package io.keplerfs.sim;

import io.keplerfs.loop.Loop;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** One life of one node: its loop until it is killed; what it had scheduled dies with it. */
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

    /** Nothing of it runs for so long; what becomes due meanwhile runs afterwards. */
    public void pause(Duration time) {
        pausedUntilNanos = world.nowNanos() + time.toNanos();
    }

    public boolean isPaused() {
        return world.nowNanos() < pausedUntilNanos;
    }

    /** Somebody sets its wall clock. */
    public void jump(Duration forward) {
        skewMillis += forward.toMillis();
    }

    public boolean isDead() {
        return dead;
    }

    @Override
    public void execute(Runnable task) {
        world.after(0, () -> runIfAlive(task));
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        boolean[] cancelled = {false};
        world.after(delay, () -> {
            if (!cancelled[0]) {
                runIfAlive(task);
            }
        });
        return () -> cancelled[0] = true;
    }

    private void runIfAlive(Runnable task) {
        if (!dead && world.nowNanos() < pausedUntilNanos) {
            world.after(pausedUntilNanos - world.nowNanos(), () -> runIfAlive(task));
        } else if (!dead) {
            task.run();
        }
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
