package io.keplerfs.files;

import io.keplerfs.DeleteOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.register.Change;
import io.keplerfs.register.RegisterValue;
import java.util.Optional;
import java.util.OptionalLong;

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

    /** A put under this condition. */
    Change put(Manifest manifest) {
        byte[] payload = manifest.toBytes();
        return isNone() ? Change.toAnything(payload) : current -> decide(current, new Change.Write(payload, false));
    }

    /** A delete under this condition; leaves things alone where there is nothing. The stored token outlives the file. */
    Change delete() {
        return current -> {
            if (current.absent() && violatedBy(current).isEmpty()) {
                return new Change.Keep();
            }
            OptionalLong kept = token.isPresent() ? token : Manifest.tokenOf(current);
            return decide(current, new Change.Write(Manifest.tombstone(kept), true));
        };
    }

    private Change.Decision decide(RegisterValue current, Change.Write write) {
        return violatedBy(current).<Change.Decision>map(Change.Refuse::new).orElse(write);
    }
}
