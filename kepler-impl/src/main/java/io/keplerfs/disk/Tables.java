package io.keplerfs.disk;

/** Every table, seen through one connection. */
record Tables(
        Sql sql,
        RegisterTable registers,
        ChunkTable chunks,
        ReferenceTable references,
        QueueTable queue,
        UploadTable uploads,
        IntentTable intents,
        PeerTable peers,
        SettingTable settings,
        DigestTable digests) {
    static Tables over(Sql sql) {
        DigestTable digests = new DigestTable(sql);
        return new Tables(
                sql,
                new RegisterTable(sql, digests),
                new ChunkTable(sql, digests),
                new ReferenceTable(sql, digests),
                new QueueTable(sql),
                new UploadTable(sql),
                new IntentTable(sql),
                new PeerTable(sql),
                new SettingTable(sql),
                digests);
    }
}
