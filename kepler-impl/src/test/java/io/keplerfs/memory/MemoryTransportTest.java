package io.keplerfs.memory;

import io.keplerfs.spi.Transport;
import io.keplerfs.spi.contract.TransportContract;

class MemoryTransportTest extends TransportContract {
    private final MemoryNetwork network = MemoryNetworkTest.network();

    @Override
    protected Transport newTransport() {
        return network.newTransport();
    }
}
