import AuditLog
import BitLocker
import EscrowModel
import EscrowStore
import Glibc
import Testing

@Suite("Opening")
struct StartTests {
    @Test("a second opener is told that another has the directory open, until the first lets go")
    func lock() throws {
        let fixture = try Fixture()
        var first: Store? = try fixture.open()
        #expect(throws: StoreError.refused(.alreadyOpen(directory: fixture.directory))) { try fixture.open() }
        #expect(
            StoreError.refused(.alreadyOpen(directory: "/data")).description
                == "another sparekey has /data open; stop it first, or use another directory"
        )
        _ = first
        first = nil
        _ = try fixture.open()
    }

    @Test("files of the database are for their owner only")
    func mode() async throws {
        let fixture = try Fixture()
        let store = try await fixture.start()
        try await store.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        let names = names(in: fixture.directory)
        #expect(names.count >= 5)
        for name in names {
            var information = stat()
            #expect(stat(fixture.directory + "/" + name, &information) == 0)
            #expect(information.st_mode & 0o777 == 0o600, "\(name)")
        }
    }

    @Test("a directory that is not there, and a file that is no database, are refused with a reason")
    func cannotOpen() throws {
        let fixture = try Fixture()
        #expect {
            try Store.open(path: fixture.directory + "/missing/sparekey.db", clock: { Sample.start })
        } throws: { error in
            guard case StoreError.refused(.cannotOpen(_, let reason)) = error else { return false }
            return reason == "No such file or directory"
        }
        try fixture.write([UInt8](repeating: 0x41, count: 8192), to: fixture.path)
        #expect {
            try fixture.open()
        } throws: { error in
            guard case StoreError.corrupt = error else { return false }
            return true
        }
    }

    @Test(
        "what durability and integrity depend on is set, and read back",
        arguments: [
            ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("trusted_schema", "0"),
            ("cell_size_check", "1"), ("secure_delete", "1"), ("wal_autocheckpoint", "0"),
        ]
    )
    func settings(name: String, value: String) async throws {
        let store = try await Fixture().start()
        let found = try await store.writerSetting(name)
        #expect(found == value)
    }

    @Test("a database of version 0 is brought to this version, and a newer one is refused")
    func migrations() async throws {
        let fixture = try Fixture()
        var store: Store? = try await fixture.start()
        try await store?.changing { tx throws(StoreError) in _ = try tx.insert(Sample.device(1)) }
        await store?.close()
        store = nil
        // Opened again, nothing is migrated and nothing is lost.
        store = try await fixture.start()
        #expect(try await store?.read { reader throws(StoreError) in try reader.device(Sample.id(1)) } != nil)
        await store?.close()
        store = nil
        do {
            let connection = try Connection(path: fixture.path, mode: .readWrite)
            try connection.execute("UPDATE schema_version SET version = 99")
        }
        #expect {
            _ = try fixture.open()
        } throws: { error in
            guard case StoreError.refused(.newerSchema(found: 99, _)) = error else { return false }
            return true
        }
    }

    @Test("the schema refuses what must not be", arguments: impossible)
    func constraints(statement: String) async throws {
        let fixture = try Fixture()
        var store: Store? = try await fixture.start()
        try await store?.changing { tx throws(StoreError) in
            let (_, volume) = try tx.insertVolume(1)
            let key = try tx.insert(Sample.key(volume, protector: Sample.id(50)))
            _ = try tx.insert(Sample.key(volume, protector: Sample.id(51)))
            try tx.purge(key)
            try tx.insert(Sample.rotation(1, of: volume))
        }
        await store?.close()
        store = nil
        let connection = try Connection(path: fixture.path, mode: .readWrite)
        try connection.execute("PRAGMA foreign_keys = ON")
        #expect {
            try connection.execute(statement)
        } throws: { error in
            guard case StoreError.constraint = error else { return false }
            return true
        }
    }

    @Test("every rule that SQLite names by its columns is known by its name")
    func constraintNames() throws {
        let fixture = try Fixture()
        _ = try fixture.open()
        let connection = try Connection(path: fixture.path, mode: .readWrite)
        let rules = try connection.all(
            SQL(
                """
                SELECT list.name, list.partial, group_concat(tables.name || '.' || columns.name, ', ')
                FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS list,
                    pragma_index_info(list.name) AS columns
                WHERE tables.type = 'table' AND list."unique" = 1
                GROUP BY list.name ORDER BY list.name
                """
            )
        ) { row throws(StoreError) in
            let name = try row.text()
            _ = try row.integer()
            return (name, try row.text())
        }
        #expect(rules.count >= 10)
        // What no caller can break: these rows follow from others.
        let derived = [
            "device_count.", "device_reason_count.", "status_history.", "device.device_group, device.id", "audit_node.",
            "audit_cosignature.",
        ]
        for (name, columns) in rules where !derived.contains(where: { columns.hasPrefix($0) }) {
            #expect(
                Constraint.named(inMessage: "UNIQUE constraint failed: \(columns)") != .other,
                "\(name): \(columns)"
            )
        }
    }

    @Test("the closed sets of the schema are the model's", arguments: setsOfWords)
    func closedSets(column: String, words: [String]) throws {
        let fixture = try Fixture()
        _ = try fixture.open()
        let connection = try Connection(path: fixture.path, mode: .readWrite)
        let table = String(column.prefix { $0 != "." })
        let name = String(column.drop { $0 != "." }.dropFirst())
        let text = try connection.first(SQL("SELECT sql FROM sqlite_schema WHERE name = $1"), .text(table)) {
            row throws(StoreError) in try row.text()
        }
        let schema = try #require(text).split(separator: "\n").joined(separator: " ")
        let alternatives = schema.matches(of: try Regex("\\b\(name) = '(\\w+)'", as: (Substring, Substring).self)).map(
            \.1
        )
        let lists = schema.matches(of: try Regex("\\b\(name) IN \\(([^)]*)\\)", as: (Substring, Substring).self))
            .flatMap { $0.1.split(separator: ", ").map { $0.dropFirst().dropLast() } }
        // A word more or less needs a migration.
        #expect(Set((alternatives + lists).map(String.init)) == Set(words))
    }

    @Test("a column of another type than the one asked for is an error, never a conversion")
    func strictTypes() throws {
        let fixture = try Fixture()
        let connection = try Connection(path: fixture.path, mode: .readWrite)
        #expect(throws: StoreError.corrupt("column a")) {
            try connection.first(SQL("SELECT '1' AS a")) { row throws(StoreError) in try row.integer() }
        }
        #expect(throws: StoreError.corrupt("column a")) {
            try connection.first(SQL("SELECT 1 AS a")) { row throws(StoreError) in try row.text() }
        }
        #expect(throws: StoreError.corrupt("column a")) {
            try connection.first(SQL("SELECT 'x' AS a")) { row throws(StoreError) in try row.bytes() }
        }
        #expect(throws: StoreError.corrupt("column a")) {
            try connection.first(SQL("SELECT NULL AS a")) { row throws(StoreError) in try row.integer() }
        }
        #expect(throws: StoreError.corrupt("column a")) {
            try connection.first(SQL("SELECT CAST(x'FF' AS TEXT) AS a")) { row throws(StoreError) in try row.text() }
        }
    }

    @Test("parameters go by their names, whatever their order")
    func parameters() throws {
        let fixture = try Fixture()
        let connection = try Connection(path: fixture.path, mode: .readWrite)
        let found = try connection.first(SQL("SELECT $2 || $1, $2"), .text("b"), .text("a")) { row throws(StoreError) in
            [try row.text(), try row.text()]
        }
        #expect(found == ["ab", "a"])
    }
}

/// Changes that a rule of the schema is against.
private let impossible = [
    "UPDATE device SET state = 'lost'",
    "UPDATE device SET device_id = x'00'",
    "UPDATE device SET name = NULL",
    "UPDATE device SET is_on_legal_hold = 2",
    "UPDATE device SET credential = 'text'",
    "UPDATE volume SET status = 'fine'",
    "UPDATE volume SET kind = 'floppy'",
    "UPDATE volume SET encrypted_percentage = 101",
    "UPDATE volume SET failure_reason = 'proofRefuted'",
    "UPDATE volume SET device = 77",
    "UPDATE volume SET device_group = 'another'",
    "DELETE FROM device",
    "DELETE FROM volume",
    "UPDATE escrowed_key SET sealed = NULL WHERE state = 'active'",
    "UPDATE escrowed_key SET sealed = x'01' WHERE state = 'purged'",
    "UPDATE escrowed_key SET proof = 'believed'",
    "UPDATE escrowed_key SET version = 0",
    "UPDATE rotation SET state = 'completed'",
    "UPDATE rotation SET cause = 'boredom'",
    "INSERT INTO audit_head (id, origin, size, root, edge, note, last_time) VALUES (2, '', 0, x'', x'', x'', 0)",
    "INSERT INTO keyring (id, generation, document) VALUES (2, 1, x'')",
    "UPDATE audit_entry SET salt = NULL",
    "UPDATE audit_entry SET outcome = 'maybe'",
    "UPDATE device_count SET devices = -1",
]

/// Columns with the words that they allow.
private let setsOfWords: [(String, [String])] = [
    ("device.state", Device.State.allCases.map(\.rawValue)),
    ("device.status", EscrowStatus.State.allCases.map(\.rawValue)),
    ("device.status_reason", EscrowStatus.Reason.allCases.map(\.rawValue)),
    ("device_count.status", EscrowStatus.State.allCases.map(\.rawValue)),
    ("volume.kind", Volume.Kind.allCases.map(\.rawValue)),
    ("volume.protection", Volume.Protection.allCases.map(\.rawValue)),
    ("volume.status", EscrowStatus.State.allCases.map(\.rawValue)),
    ("volume.status_reason", EscrowStatus.Reason.allCases.map(\.rawValue)),
    ("volume.failure_reason", EscrowStatus.Reason.allCases.map(\.rawValue)),
    ("volume.current_proof", EscrowedKey.ProofState.allCases.map(\.rawValue)),
    ("escrowed_key.kind", SecretKind.allCases.map(\.rawValue)),
    ("escrowed_key.state", EscrowedKey.State.allCases.map(\.rawValue)),
    ("escrowed_key.proof", EscrowedKey.ProofState.allCases.map(\.rawValue)),
    ("rotation.cause", Rotation.Trigger.allCases.map(\.rawValue)),
    ("rotation.kind", SecretKind.allCases.map(\.rawValue)),
    ("rotation.state", Rotation.State.allCases.map(\.rawValue)),
    ("api_token.role", Role.allCases.map(\.rawValue)),
    ("audit_entry.outcome", AuditEvent.Outcome.allCases.map(\.rawValue)),
]
