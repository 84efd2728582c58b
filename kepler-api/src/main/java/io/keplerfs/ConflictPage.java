package io.keplerfs;

import java.util.List;
import java.util.Optional;

/**
 * One page of conflicts.
 *
 * @param conflicts in byte order of their keys, then of the losers' version ids
 * @param next pass it as {@link ListOptions#after()} for the following page; empty on the last page
 */
public record ConflictPage(List<Conflict> conflicts, Optional<String> next) {
    public ConflictPage {
        conflicts = List.copyOf(conflicts);
    }
}
