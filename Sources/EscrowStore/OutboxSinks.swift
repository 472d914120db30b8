package import EscrowModel

extension Reader {
    /// Every sink that there is or was, in the order in which they were first configured. There are a handful.
    package func auditSinks() throws(StoreError) -> [AuditSink] {
        try self.connection.all(SinkSQL.all, read: SinkSQL.read)
    }

    /// The sink of a name.
    package func auditSink(_ name: String) throws(StoreError) -> AuditSink? {
        try self.connection.first(SinkSQL.byName, .text(name), read: SinkSQL.read)
    }
}

extension Transaction {
    /// Keeps a new sink. Throws `.constraint` when its name is there.
    package func insert(_ sink: AuditSink) throws(StoreError) {
        try self.connection.run(
            SinkSQL.insert,
            .text(sink.name),
            .text(sink.target),
            .integer(sink.deliveredSize),
            .time(sink.createdAt),
            .time(sink.deliveredAt),
            .time(sink.removedAt)
        )
    }

    /// Stores where a sink is and whether it is configured; how far it has got only ever grows, and not by this.
    package func update(_ sink: AuditSink) throws(StoreError) {
        let changed = try self.connection.run(
            SinkSQL.update,
            .text(sink.name),
            .text(sink.target),
            .time(sink.removedAt)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }

    /// Moves a sink forward; one that is there already, or further, stays where it is.
    package func moveAuditSink(
        _ name: String,
        to deliveredSize: Int64,
        at moment: Timestamp
    ) throws(StoreError) {
        try self.connection.run(SinkSQL.move, .text(name), .integer(deliveredSize), .time(moment))
    }
}

private enum SinkSQL {
    private static let columns = "name, target, delivered_size, created_at, delivered_at, removed_at"

    static let all = SQL("SELECT \(Self.columns) FROM audit_sink ORDER BY id")
    static let byName = SQL("SELECT \(Self.columns) FROM audit_sink WHERE name = $1")
    static let insert = SQL("INSERT INTO audit_sink (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6)")
    static let update = SQL("UPDATE audit_sink SET target = $2, removed_at = $3 WHERE name = $1")
    static let move = SQL(
        "UPDATE audit_sink SET delivered_size = $2, delivered_at = $3 WHERE name = $1 AND delivered_size < $2"
    )

    static func read(_ row: inout Row) throws(StoreError) -> AuditSink {
        AuditSink(
            name: try row.text(),
            target: try row.text(),
            deliveredSize: try row.integer(),
            createdAt: try row.time(),
            deliveredAt: try row.optionalTime(),
            removedAt: try row.optionalTime()
        )
    }
}
