extension Reader {
    /// The wrapped keyring and its generation; nil before the first was kept.
    package func keyringDocument() throws(StoreError) -> (bytes: [UInt8], generation: Int64)? {
        try self.connection.first(KeyringSQL.select) { row throws(StoreError) in
            (bytes: try row.bytes(), generation: try row.integer())
        }
    }
}

extension Transaction {
    /// Keeps the wrapped keyring in place of a generation of it, nil for none.
    ///
    /// False, and nothing changes, when another generation is there by now: read it again.
    package func setKeyringDocument(_ bytes: [UInt8], replacing generation: Int64?) throws(StoreError) -> Bool {
        guard let generation else { return try self.connection.run(KeyringSQL.insert, .bytes(bytes)) == 1 }
        return try self.connection.run(KeyringSQL.update, .bytes(bytes), .integer(generation)) == 1
    }
}

private enum KeyringSQL {
    static let select = SQL("SELECT document, generation FROM keyring WHERE id = 1")
    static let insert = SQL(
        "INSERT INTO keyring (id, generation, document) VALUES (1, 1, $1) ON CONFLICT (id) DO NOTHING"
    )
    static let update = SQL(
        "UPDATE keyring SET document = $1, generation = generation + 1 WHERE id = 1 AND generation = $2"
    )
}
