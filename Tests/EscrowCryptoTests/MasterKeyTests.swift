import BitLocker
import Crypto
import EscrowCrypto
import Glibc
import Testing

struct MasterKeyTests: ~Copyable {
    private let folder: String
    private var path: String { self.folder + "/master.key" }

    init() throws {
        var template = Array("/tmp/sparekey-master-key-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        self.folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in ["master.key", "other.key", "link.key"] { unlink(self.folder + "/" + name) }
        rmdir(self.folder)
    }

    private func create(_ name: String = "master.key") throws(MasterKeyError) -> FileMasterKey {
        var generator = SystemRandomNumberGenerator()
        return try FileMasterKey.create(path: self.folder + "/" + name, using: &generator)
    }

    private func write(_ bytes: [UInt8], mode: mode_t = 0o600) {
        let file = open(self.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = Glibc.write(file, bytes, bytes.count)
        fchmod(file, mode)
        close(file)
    }

    private static let secret = SymmetricKey(size: .bits256)

    private static func secretBytes(_ count: Int = 32) -> SecretBytes {
        SecretBytes(copying: [UInt8](repeating: 5, count: count).span)
    }

    @Test("A new master key file has mode 0600 and 32 bytes, and opens what was wrapped before it was read again")
    func file() async throws {
        let made = try self.create()
        var status = stat()
        stat(self.path, &status)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(status.st_size == 32)
        let wrapped = try await made.wrap(Self.secretBytes(), context: "a")
        let read = try FileMasterKey(path: self.path)
        #expect(read.id == made.id)
        let opened = try await read.unwrap(wrapped, context: "a")
        let isSame = opened.matches(Self.secretBytes())
        #expect(isSame)
    }

    @Test("A file that is there is never overwritten")
    func exclusive() throws {
        let made = try self.create()
        #expect(throws: MasterKeyError.fileExists(path: self.path)) { _ = try self.create() }
        #expect(try FileMasterKey(path: self.path).id == made.id)
    }

    @Test(
        "A file that others may use is refused with what to type",
        arguments: [0o644, 0o640, 0o660, 0o604, 0o700, 0o500, 0o200, 0o4600, 0o1600] as [mode_t]
    )
    func modes(mode: mode_t) throws {
        _ = try self.create()
        chmod(self.path, mode)
        let error = #expect(throws: MasterKeyError.openToOthers(path: self.path, mode: mode)) {
            _ = try FileMasterKey(path: self.path)
        }
        #expect(try #require(error).description.contains("chmod 0600 \(self.path)"))
        chmod(self.path, 0o400)
        _ = try FileMasterKey(path: self.path)
    }

    @Test(
        "A file of another user is refused, one of root's is not",
        .enabled(if: geteuid() == 0, "needs to give a file away, which only root can")
    )
    func owners() throws {
        _ = try self.create()
        _ = try FileMasterKey(path: self.path, user: 1234)
        chown(self.path, 4321, 4321)
        let error = #expect(throws: MasterKeyError.foreignOwner(path: self.path, owner: 4321, expected: 1234)) {
            _ = try FileMasterKey(path: self.path, user: 1234)
        }
        #expect(try #require(error).description.contains("chown 1234 \(self.path)"))
    }

    @Test("No file, a folder, a pipe, a file that is too short or too long, and one of zero bytes are refused")
    func otherThings() throws {
        let missing = #expect(throws: MasterKeyError.fileMissing(path: self.path)) {
            _ = try FileMasterKey(path: self.path)
        }
        #expect(try #require(missing).description.contains(self.path))
        #expect(throws: MasterKeyError.notAFile(path: self.folder)) { _ = try FileMasterKey(path: self.folder) }
        mkfifo(self.path, 0o600)
        #expect(throws: MasterKeyError.notAFile(path: self.path)) { _ = try FileMasterKey(path: self.path) }
        unlink(self.path)
        for bytes in [[], [UInt8](1...31), [UInt8](1...33), [UInt8](repeating: 0, count: 32)] {
            self.write(bytes)
            #expect(throws: MasterKeyError.notAKey(path: self.path)) { _ = try FileMasterKey(path: self.path) }
        }
    }

    @Test("A symbolic link to a good file is followed, as mounted secrets are")
    func links() throws {
        let made = try self.create()
        symlink(self.path, self.folder + "/link.key")
        #expect(try FileMasterKey(path: self.folder + "/link.key").id == made.id)
    }

    @Test("A wrapped secret is bound to its context and its master key, and to every byte of it")
    func binding() async throws {
        let key = try self.create()
        let other = try self.create("other.key")
        #expect(key.id != other.id)
        let wrapped = try await key.wrap(Self.secretBytes(64), context: "a")
        await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: key.whereabouts)) {
            _ = try await key.unwrap(wrapped, context: "b")
        }
        await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: other.whereabouts)) {
            _ = try await other.unwrap(wrapped, context: "a")
        }
        for index in wrapped.indices {
            var changed = wrapped
            changed[index] ^= 1
            await #expect(throws: MasterKeyError.self) { _ = try await key.unwrap(changed, context: "a") }
            await #expect(throws: MasterKeyError.self) {
                _ = try await key.unwrap(Array(wrapped[..<index]), context: "a")
            }
        }
        await #expect(throws: MasterKeyError.badLength) { _ = try await key.wrap(Self.secretBytes(65), context: "a") }
        await #expect(throws: MasterKeyError.badLength) { _ = try await key.wrap(Self.secretBytes(0), context: "a") }
    }
}
