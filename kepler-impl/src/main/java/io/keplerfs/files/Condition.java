package io.keplerfs.files;

import io.keplerfs.DeleteOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.register.Change;
import io.keplerfs.register.RegisterValue;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What must hold of the current version for a put or delete to happen.
 *
 * @param ifMatch etag the current version must have
 * @param onlyIfAbsent there must be no current version
 * @param token no higher one may be stored
 */
record Condition(Optional<String> ifMatch, boolean onlyIfAbsent, OptionalLong token) {
    static Condition of(PutOptions options) {
        return new Condition(options.ifMatch(), options.onlyIfAbsent(), options.fencingToken());
    }

    static Condition of(DeleteOptions options) {
        return new Condition(options.ifMatch(), false, options.fencingToken());
    }

    boolean isNone() {
        return ifMatch.isEmpty() && !onlyIfAbsent && token.isEmpty();
    }

    /** Why the condition does not hold; empty if it does. */
    Optional<String> violatedBy(RegisterValue current) {
        if (onlyIfAbsent && !current.absent()) {
            return Optional.of("it exists, with etag " + current.id());
        }
        if (ifMatch.isPresent() && current.absent()) {
            return Optional.of("it does not exist, so its etag cannot be " + ifMatch.get());
        }
        if (ifMatch.isPresent() && !current.id().toString().equals(ifMatch.get())) {
            return Optional.of("its etag is " + current.id() + ", not " + ifMatch.get());
        }
        if (token.isPresent()) {
            OptionalLong stored = Manifest.tokenOf(current);
            if (stored.isPresent() && stored.getAsLong() > token.getAsLong()) {
                return Optional.of("it was written with the fencing token " + stored.getAsLong() + ", and "
                        + token.getAsLong() + " is lower");
            }
        }
        return Optional.empty();
    }

    /**
     * A put under this condition. It carries the highest token stored. An unconditional one takes a single round trip
     * and cannot know it; the owners remember it beside the value.
     */
    Change put(Manifest manifest) {
        if (isNone()) {
            return Change.toAnything(manifest.toBytes());
        }
        return current ->
                decide(current, write(manifest.withToken(highestToken(current)).toBytes(), false));
    }

    /**
     * A delete under this condition. The stored token outlives the file; where there is no file, a higher token is stored all
     * the same, because it must fence off the writers that come later.
     *
     * @param existed told at every try whether there is a file
     */
    Change delete(AtomicBoolean existed) {
        return current -> {
            existed.set(!current.absent());
            OptionalLong highest = highestToken(current);
            if (current.absent()
                    && highest.equals(Manifest.tokenOf(current))
                    && violatedBy(current).isEmpty()) {
                return new Change.Keep();
            }
            return decide(current, write(Manifest.tombstone(highest), true));
        };
    }

    private Change.Write write(byte[] payload, boolean tombstone) {
        return new Change.Write(payload, tombstone, token.orElse(0));
    }

    private OptionalLong highestToken(RegisterValue current) {
        OptionalLong stored = Manifest.tokenOf(current);
        return stored.isPresent() && (token.isEmpty() || stored.getAsLong() > token.getAsLong()) ? stored : token;
    }

    private Change.Decision decide(RegisterValue current, Change.Write write) {
        return violatedBy(current).<Change.Decision>map(Change.Refuse::new).orElse(write);
    }
}
