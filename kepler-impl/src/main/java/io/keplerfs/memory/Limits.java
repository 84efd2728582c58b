package io.keplerfs.memory;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Transport;

/** The largest messages of {@link Transport}: what a real network refuses must not work in memory. */
final class Limits {
    private Limits() {}

    static boolean allow(Lane lane, long head, long body) {
        return head <= Transport.MAX_HEAD_BYTES
                && body <= Transport.MAX_BODY_BYTES
                && (lane == Lane.BULK || head + body <= Transport.MAX_CONTROL_BYTES);
    }
}
