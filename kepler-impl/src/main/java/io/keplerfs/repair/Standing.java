package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.Views;
import java.util.Optional;

/** The view that stands alone: nothing is freed while ownership moves. Owned by the loop. */
final class Standing {
    private final Loop loop;
    private final Views views;
    private long epoch;
    private long sinceNanos;

    Standing(Loop loop, Views views) {
        this.loop = loop;
        this.views = views;
    }

    /** Empty while ownership moves; notes since when the view has been seen to stand. */
    Optional<View> view() {
        Ownership ownership = views.ownership().orElse(null);
        if (ownership == null || ownership.next().isPresent()) {
            return Optional.empty();
        }
        if (ownership.current().epoch() != epoch) {
            epoch = ownership.current().epoch();
            sinceNanos = loop.nanoTime();
        }
        return Optional.of(ownership.current());
    }

    /** For how long the view last told of has stood. */
    long nanos() {
        return loop.nanoTime() - sinceNanos;
    }

    /** Whether it is the same view still. */
    boolean goesOn(View view) {
        return views.ownership()
                .filter(now -> now.next().isEmpty() && now.current().epoch() == view.epoch())
                .isPresent();
    }
}
