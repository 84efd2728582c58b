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
        SettingTable settings) {
    static Tables over(Sql sql) {
        return new Tables(
                sql,
                new RegisterTable(sql),
                new ChunkTable(sql),
                new ReferenceTable(sql),
                new QueueTable(sql),
                new UploadTable(sql),
                new IntentTable(sql),
                new PeerTable(sql),
                new SettingTable(sql));
    }
}
