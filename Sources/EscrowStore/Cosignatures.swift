package import EscrowModel

extension Reader {
    /// What a witness cosigned last; nil when it never has.
    ///
    /// - Parameter witness: its verifier key, as text.
    package func cosignature(by witness: String) throws(StoreError) -> (size: Int64, note: [UInt8])? {
        try self.connection.first(CosignatureSQL.select, .text(witness)) { row throws(StoreError) in
            (size: try row.integer(), note: try row.bytes())
        }
    }
}

extension Transaction {
    /// Keeps what a witness cosigned, in place of what it cosigned before.
    package func setCosignature(
        by witness: String,
        size: Int64,
        note: [UInt8],
        at time: Timestamp
    ) throws(StoreError) {
        try self.connection.run(CosignatureSQL.set, .text(witness), .integer(size), .bytes(note), .time(time))
    }
}

private enum CosignatureSQL {
    static let select = SQL("SELECT size, note FROM audit_cosignature WHERE witness = $1")
    static let set = SQL(
        """
        INSERT INTO audit_cosignature (witness, size, note, cosigned_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (witness) DO UPDATE SET size = excluded.size, note = excluded.note,
            cosigned_at = excluded.cosigned_at
        """
    )
}
