package io.keplerfs.files;

import io.keplerfs.values.VersionId;
import java.util.LinkedHashMap;
import java.util.Map;

/** The last fast writes of this node that a later write through it has overwritten before their delivery had ended. Any thread. */
final class ReplacedHere {
    /** A delivery takes seconds; so many overwrites in that time are a megabyte. */
    private static final int CAPACITY = 10_000;

    private final Map<VersionId, Boolean> latest = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<VersionId, Boolean> eldest) {
            return size() > CAPACITY;
        }
    };

    synchronized void note(VersionId version) {
        latest.put(version, true);
    }

    synchronized boolean contains(VersionId version) {
        return latest.containsKey(version);
    }
}
