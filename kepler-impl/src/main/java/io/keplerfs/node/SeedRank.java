package io.keplerfs.node;

import io.keplerfs.values.NodeAddress;
import io.keplerfs.view.Founding;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/** Finds out which of its seeds a node is itself. */
final class SeedRank {
    private SeedRank() {}

    static Founding.Seeds of(List<String> seeds, NodeAddress self, String bindHost) {
        for (int rank = 0; rank < seeds.size(); rank++) {
            String seed = seeds.get(rank);
            int colon = seed.lastIndexOf(':');
            String host = seed.substring(0, colon);
            boolean samePort = Integer.parseInt(seed.substring(colon + 1)) == self.gossipPort();
            if (samePort && (isSame(host, self.host()) || isSame(host, bindHost))) {
                return new Founding.Seeds(seeds, rank);
            }
        }
        return new Founding.Seeds(seeds, Founding.Seeds.NOT_AMONG_THEM);
    }

    private static boolean isSame(String seedHost, String own) {
        if (seedHost.equalsIgnoreCase(own)) {
            return true;
        }
        try {
            List<InetAddress> mine = Arrays.asList(InetAddress.getAllByName(own));
            return Arrays.stream(InetAddress.getAllByName(seedHost)).anyMatch(mine::contains);
        } catch (UnknownHostException unresolvable) {
            return false;
        }
    }
}
