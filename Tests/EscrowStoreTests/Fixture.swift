import AuditLog
import BitLocker
import Crypto
import EscrowModel
import EscrowStore
import Glibc
import Synchronization
import Testing

/// The database engines that every test of the store runs on.
enum Engine: String, CaseIterable, Sendable {
    case sqlite

    /// Those that this machine has.
    static let available = Engine.allCases
}

/// A database of a test's own, in a folder that goes away with it.
final class Fixture: Sendable {
    static let origin = "sparekey.test/audit/1"

    let directory: String
    var path: String { self.directory + "/sparekey.db" }
    var anchor: String { self.directory + "/anchor" }
    let clock = TestClock()

    init(_ engine: Engine = .sqlite) throws {
        var template = Array("/tmp/sparekey-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FixtureError.noDirectory }
        self.directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? remove(self.directory) }

    static var signingKey: SigningKey {
        get throws { try SigningKey(name: Self.origin, seed: SymmetricKey(data: [UInt8](repeating: 7, count: 32))) }
    }

    /// Opens the database, without a log.
    func open(failStop: @escaping @Sendable (String) -> Never = { fatalError($0) }) throws -> Store {
        let clock = self.clock
        return try Store.open(path: self.path, clock: { clock.now }, failStop: failStop)
    }

    /// Opens the database with its log.
    func start(failStop: @escaping @Sendable (String) -> Never = { fatalError($0) }) async throws -> Store {
        let store = try self.open(failStop: failStop)
        try await store.startLog(signingKey: Self.signingKey, anchor: self.anchor)
        return store
    }
}

enum FixtureError: Error { case noDirectory, noRow }

/// A clock that a test sets.
final class TestClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_764_000_000_000)

    var now: Timestamp {
        get { Timestamp(milliseconds: self.milliseconds.withLock { $0 }) }
        set { self.milliseconds.withLock { $0 = newValue.milliseconds } }
    }
}

/// Removes a folder with the files in it.
func remove(_ directory: String) throws {
    for name in names(in: directory) { unlink(directory + "/" + name) }
    rmdir(directory)
}

/// The names of the files in a folder.
func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

extension Store {
    /// Changes something that the test needs and is not about.
    @discardableResult
    func changing<Value: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await self.write { tx throws(StoreError) in Audited(try body(tx), Sample.event()) }
    }
}

extension Fixture {
    /// Whether any file of the database holds these bytes.
    func holds(_ bytes: [UInt8]) -> Bool {
        names(in: self.directory).contains { name in
            let content = (try? self.content(of: self.directory + "/" + name)) ?? []
            return content.withUnsafeBytes { content in
                bytes.withUnsafeBytes { bytes in
                    guard content.count >= bytes.count, let start = content.baseAddress, let wanted = bytes.baseAddress
                    else {
                        return false
                    }
                    return (0...content.count - bytes.count).contains { memcmp(start + $0, wanted, bytes.count) == 0 }
                }
            }
        }
    }
}

extension Fixture {
    /// The bytes of a file; none when it is not there.
    func content(of path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { content += buffer[..<count] }
        return content
    }

    /// Puts bytes in a file, in place of what is there.
    func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }
}

extension Reader {
    /// Entries of the log, each of which is checked to be what its leaf commits to.
    func entries(limit: Int = 5000) throws(StoreError) -> [LogEntry] {
        var entries: [LogEntry] = []
        for stored in try self.logEntries(from: 0, limit: limit) {
            let entry = try? LogEntry(
                index: UInt64(stored.index),
                leaf: stored.leaf,
                salt: stored.salt,
                record: stored.record
            )
            guard let entry else { throw .corrupt("entry \(stored.index)") }
            entries.append(entry)
        }
        return entries
    }
}
