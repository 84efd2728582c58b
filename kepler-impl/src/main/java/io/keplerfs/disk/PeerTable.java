package io.keplerfs.disk;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import java.sql.SQLException;
import java.util.List;

/** The table {@code peers}. */
record PeerTable(Sql sql) {
    private static final String COLUMNS =
            "id, label, zone, weight, addr, http_port, gossip_port, transfer_port, incarnation, status";

    List<MemberInfo> all() {
        return sql.list("SELECT " + COLUMNS + " FROM peers ORDER BY id", PeerTable::shape);
    }

    void put(MemberInfo peer, long nowMillis) {
        NodeAddress address = peer.address();
        sql.update(
                "INSERT OR REPLACE INTO peers(" + COLUMNS + ", last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                peer.id(),
                peer.label(),
                peer.zone(),
                peer.weight(),
                address.host(),
                address.httpPort(),
                address.gossipPort(),
                address.transferPort(),
                peer.incarnation(),
                peer.state(),
                nowMillis);
    }

    private static MemberInfo shape(Row row) throws SQLException {
        NodeAddress address = new NodeAddress(row.text(5), row.small(6), row.small(7), row.small(8));
        return new MemberInfo(
                row.node(1),
                row.text(2),
                row.text(3),
                row.small(4),
                address,
                row.number(9),
                row.constant(10, MemberState.class));
    }
}
