extension Schema {
    /// The hashes over whole tiles of the log's tree: of 256 entries at level 8, of 65,536 at level 16 and so on.
    ///
    /// One row for 256 entries, and everything of the tree is found in a few hundred rows. They follow from the entries,
    /// so those of a log that is older than this table are filled in when it is started.
    static let logTiles = """
        CREATE TABLE audit_node (
            level INTEGER NOT NULL CHECK (level = 8 OR level = 16 OR level = 24 OR level = 32 OR level = 40),
            number INTEGER NOT NULL CHECK (number >= 0),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            PRIMARY KEY (level, number)
        ) STRICT;
        """
}
