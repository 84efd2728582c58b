package io.keplerfs;

/**
 * Whether a node works.
 *
 * @param live false once the node cannot go on and must be restarted
 * @param ready true while it can serve quorum calls: joined, an owner in the view, a majority reachable
 * @param reason one sentence for the operator, says what is missing when not ready
 */
public record NodeHealth(boolean live, boolean ready, String reason) {}
