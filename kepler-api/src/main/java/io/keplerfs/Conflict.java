package io.keplerfs;

import io.keplerfs.values.VersionId;
import java.time.Instant;

/**
 * A version that lost against another one written without knowledge of it, with {@link Durability#FAST} on either side. It is
 * kept, and listed here, for {@link KeplerOptions#conflictRetention()}.
 *
 * @param loser the version that is not visible any more; its bytes are still stored
 * @param winner the version that was visible instead when the conflict was found, a delete perhaps; later writes may have followed. All zeros if
 *     there was none: the file may have been deleted long ago, while the node that had the loser was no member of the cluster
 * @param detectedAt by the clock of the node that found it
 */
public record Conflict(FileInfo loser, VersionId winner, Instant detectedAt) {}
