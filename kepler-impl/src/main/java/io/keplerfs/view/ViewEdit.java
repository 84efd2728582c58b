package io.keplerfs.view;

import io.keplerfs.PreconditionFailedException;

/** What an operator, or a drained node, wants changed. Applied on the loop to ever newer views until it changes nothing. */
@FunctionalInterface
interface ViewEdit {
    /**
     * The view that should follow, or {@code current} itself if it is as wanted.
     *
     * @throws PreconditionFailedException if it must not be; the message says why and what to do
     */
    View apply(View current) throws PreconditionFailedException;
}
