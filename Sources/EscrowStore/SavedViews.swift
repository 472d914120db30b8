package import EscrowModel

extension Reader {
    /// What somebody keeps under names, in the order of the names.
    package func savedViews(of principal: String) throws(StoreError) -> [SavedView] {
        try self.connection.all(SavedViewSQL.select, .text(principal)) { row throws(StoreError) in
            SavedView(name: try row.text(), query: try row.text())
        }
    }
}

extension Transaction {
    /// Keeps a view under its name, in place of the one that had it.
    package func set(_ view: SavedView, of principal: String) throws(StoreError) {
        try self.connection.run(SavedViewSQL.upsert, .text(principal), .text(view.name), .text(view.query))
    }

    /// Forgets a view; false when there is none of that name.
    package func removeSavedView(_ name: String, of principal: String) throws(StoreError) -> Bool {
        try self.connection.run(SavedViewSQL.delete, .text(principal), .text(name)) == 1
    }
}

private enum SavedViewSQL {
    static let select = SQL("SELECT name, query FROM saved_view WHERE principal = $1 ORDER BY name")
    static let upsert = SQL(
        """
        INSERT INTO saved_view (principal, name, query) VALUES ($1, $2, $3)
        ON CONFLICT (principal, name) DO UPDATE SET query = excluded.query
        """
    )
    static let delete = SQL("DELETE FROM saved_view WHERE principal = $1 AND name = $2")
}
