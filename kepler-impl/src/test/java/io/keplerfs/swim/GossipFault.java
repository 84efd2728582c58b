package io.keplerfs.swim;

/** Classes of faults; a swarm switches half of them off in half of its seeds, so that each is also seen without the others. */
enum GossipFault {
    DELAY,
    DROP,
    DUPLICATE,
    REPLAY,
    BIT_FLIP,
    STREAM_RESET,
    ONE_WAY_PARTITION,
    PARTIAL_PARTITION,
    CLOG,
    SLOW_PEER,
    CRASH,
    PAUSE,
    CLOCK_JUMP,
    RESTART,
    MOVE,
    WIPE,
    LEAVE
}
