extension Schema {
    /// Who gets the audit log, and how far they have got. The log's own entries are the outbox: they are numbered, durable,
    /// in order, and written in the event's own transaction. So a sink is one number.
    static let auditSinks = """
        CREATE TABLE audit_sink (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            target TEXT NOT NULL,
            delivered_size INTEGER NOT NULL CHECK (delivered_size >= 0),
            created_at INTEGER NOT NULL,
            delivered_at INTEGER,
            removed_at INTEGER,
            CONSTRAINT audit_sink_name UNIQUE (name)
        ) STRICT;
        """
}
