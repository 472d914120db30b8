package import EscrowModel

extension Reader {
    /// Keys whose proof was put off, with the metadata to prove them by, in the order of deposit, after a row.
    package func proofBacklog(
        after row: Int64,
        limit: Int
    ) throws(StoreError) -> [(key: EscrowedKey, metadata: [UInt8])] {
        try self.connection.all(BacklogSQL.select, .integer(row), .integer(limit)) { row throws(StoreError) in
            let metadata = try row.bytes()
            return (key: try KeyColumns.readWithVolume(&row), metadata: metadata)
        }
    }

    /// Whether a key's proof is put off.
    package func isInProofBacklog(_ key: EscrowedKey) throws(StoreError) -> Bool {
        try self.connection.first(BacklogSQL.contains, .integer(key.row)) { row throws(StoreError) in
            try row.integer()
        } != nil
    }
}

extension Transaction {
    /// Puts a key's proof off; newer metadata takes the place of older.
    package func addToProofBacklog(_ key: EscrowedKey, metadata: [UInt8]) throws(StoreError) {
        try self.connection.run(BacklogSQL.insert, .integer(key.row), .bytes(metadata))
    }

    /// Forgets that a key's proof was put off, and the metadata.
    package func removeFromProofBacklog(_ key: EscrowedKey) throws(StoreError) {
        try self.connection.run(BacklogSQL.delete, .integer(key.row))
    }
}

private enum BacklogSQL {
    static let select = SQL(
        """
        SELECT proof_backlog.metadata, volume.volume_id, \(KeyColumns.list)
        FROM proof_backlog JOIN escrowed_key ON escrowed_key.id = proof_backlog.escrowed_key
            JOIN volume ON volume.id = escrowed_key.volume
        WHERE proof_backlog.escrowed_key > $1 ORDER BY proof_backlog.escrowed_key LIMIT $2
        """
    )
    static let contains = SQL("SELECT 1 FROM proof_backlog WHERE escrowed_key = $1")
    static let insert = SQL(
        """
        INSERT INTO proof_backlog (escrowed_key, metadata) VALUES ($1, $2)
        ON CONFLICT (escrowed_key) DO UPDATE SET metadata = excluded.metadata
        """
    )
    static let delete = SQL("DELETE FROM proof_backlog WHERE escrowed_key = $1")
}
