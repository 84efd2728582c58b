package io.keplerfs.tcp;

import io.keplerfs.spi.Transport;
import io.keplerfs.spi.contract.TransportContract;
import java.security.SecureRandom;

class TcpTransportContractTest extends TransportContract {
    @Override
    protected Transport newTransport() {
        return new TcpTransport(System::nanoTime, new SecureRandom());
    }
}
