extension Reader {
    /// The wrapped keyring and its generation; nil before the first was kept.
    package func keyringDocument() throws(StoreError) -> (bytes: [UInt8], generation: Int64)? {
        try self.connection.first(KeyringSQL.select) { row throws(StoreError) in
            (bytes: try row.bytes(), generation: try row.integer())
        }
    }

    /// The seal epoch of the stored keyring; nil before the first was kept.
    package func sealEpoch() throws(StoreError) -> Int? {
        try self.connection.first(KeyringSQL.sealEpoch) { row throws(StoreError) in try row.int() }
    }
}

extension Transaction {
    /// Keeps the wrapped keyring in place of a generation of it, nil for none.
    ///
    /// False, and nothing changes, when another generation is there by now: read it again.
    ///
    /// - Parameters:
    ///   - bytes: the document.
    ///   - sealEpoch: the document's, for what does not read documents; nil for the one that is there.
    ///   - generation: the row's, as it was read with the document that is replaced.
    package func setKeyringDocument(
        _ bytes: [UInt8],
        sealEpoch: Int? = nil,
        replacing generation: Int64?
    ) throws(StoreError) -> Bool {
        guard let generation else {
            return try self.connection.run(KeyringSQL.insert, .bytes(bytes), .integer(sealEpoch ?? 1)) == 1
        }
        let values: [SQLValue] = [.bytes(bytes), .integer(generation), .integer(sealEpoch.map { Int64($0) })]
        return try self.connection.run(KeyringSQL.update, values) == 1
    }
}

private enum KeyringSQL {
    static let select = SQL("SELECT document, generation FROM keyring WHERE id = 1")
    static let sealEpoch = SQL("SELECT seal_epoch FROM keyring WHERE id = 1")
    static let insert = SQL(
        """
        INSERT INTO keyring (id, generation, document, seal_epoch) VALUES (1, 1, $1, $2) ON CONFLICT (id) DO NOTHING
        """
    )
    static let update = SQL(
        """
        UPDATE keyring SET document = $1, generation = generation + 1, seal_epoch = COALESCE($3, seal_epoch)
        WHERE id = 1 AND generation = $2
        """
    )
}
