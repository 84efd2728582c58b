package io.keplerfs.register;

/**
 * What a caller wants done to a register. Applied on the loop, perhaps several times, to ever newer values: it must be quick and
 * depend on its argument alone.
 */
@FunctionalInterface
public interface Change {
    Decision apply(RegisterValue current);

    /**
     * False for a write that depends on nothing: its first attempt skips the reading round and applies the change to
     * {@link RegisterValue#NONE}.
     */
    default boolean needsCurrent() {
        return true;
    }

    /** Writes the payload whatever was there. */
    static Change toAnything(byte[] payload) {
        return always(new Write(payload, false));
    }

    /** Leaves a tombstone whatever was there. */
    static Change toTombstone(byte[] payload) {
        return always(new Write(payload, true));
    }

    private static Change always(Write write) {
        return new Change() {
            @Override
            public Decision apply(RegisterValue current) {
                return write;
            }

            @Override
            public boolean needsCurrent() {
                return false;
            }
        };
    }

    /** What to do about the current value. */
    sealed interface Decision permits Write, Refuse, Keep {}

    /**
     * Replace it.
     *
     * @param tombstone whether the new value means "there is nothing"
     * @param fence fencing token it is written with, 0 for none. The register never forgets the highest, see {@link Memory#fence}
     */
    record Write(byte[] payload, boolean tombstone, long fence) implements Decision {
        public Write(byte[] payload, boolean tombstone) {
            this(payload, tombstone, 0);
        }
    }

    /**
     * Leave it, and tell the caller that its condition does not hold.
     *
     * @param reason for the caller, in words
     */
    record Refuse(String reason) implements Decision {}

    /** Leave it: it is what the caller wanted. */
    record Keep() implements Decision {}
}
