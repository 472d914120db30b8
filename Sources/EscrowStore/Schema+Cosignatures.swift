extension Schema {
    /// The latest cosignature of each witness of the log: at which size it has seen the log, and the note that says so.
    static let cosignatures = """
        CREATE TABLE audit_cosignature (
            witness TEXT NOT NULL PRIMARY KEY,
            size INTEGER NOT NULL CHECK (size >= 0),
            note BLOB NOT NULL,
            cosigned_at INTEGER NOT NULL
        ) STRICT;
        """
}
