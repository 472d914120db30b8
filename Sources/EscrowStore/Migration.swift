/// Brings a database's schema to this program's version.
enum Migration {
    private static let createTable = """
        CREATE TABLE IF NOT EXISTS schema_version (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            version INTEGER NOT NULL
        ) STRICT
        """
    private static let selectVersion = SQL("SELECT version FROM schema_version WHERE id = 1")
    private static let setVersion = SQL(
        """
        INSERT INTO schema_version (id, version) VALUES (1, $1)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version
        """
    )

    /// Runs the steps that the database has not seen, all in one transaction: a crash leaves the old version or the
    /// new one.
    ///
    /// Refuses a database that a newer program wrote.
    static func run(on connection: Connection, migrations: [String] = Schema.migrations) throws(StoreError) {
        try connection.begin()
        do throws(StoreError) {
            try connection.execute(Self.createTable)
            let found = try Self.version(of: connection) ?? 0
            let known = Int64(migrations.count)
            guard found <= known else { throw StoreError.refused(.newerSchema(found: found, known: known)) }
            for migration in migrations.dropFirst(Int(found)) {
                try connection.execute(Dialect.sqlite.statements(of: migration))
            }
            if found < known { try connection.run(Self.setVersion, .integer(known)) }
            try connection.commit()
        } catch {
            connection.rollBack()
            throw error
        }
    }

    private static func version(of connection: Connection) throws(StoreError) -> Int64? {
        try connection.first(Self.selectVersion) { row throws(StoreError) in try row.integer() }
    }
}
