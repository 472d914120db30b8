import BitLocker
import EscrowCrypto
import EscrowModel
import Glibc
import MasterKeyProviders
import Testing

struct SecretFileTests {
    private let folder: Folder

    init() throws { self.folder = try Folder() }

    private func line(_ path: String, credentials: String? = nil) throws(MasterKeyError) -> String {
        let secret = try SecretFile(path, credentials: credentials).line()
        return secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "The secret is the first line without white space around it",
        arguments: ["1234", "1234\n", "1234\r\n", " 1234\t\nmore", "\n1234"]
    )
    func lines(text: String) throws {
        #expect(try self.line(self.folder.write("pin", text)) == "1234")
    }

    @Test("An empty file, one of white space, and one that is far too long have no secret", arguments: [0, 1, 70_000])
    func noSecret(length: Int) throws {
        let text = length == 1 ? " \n" : String(repeating: "x", count: length)
        let path = self.folder.write("pin", text)
        #expect(throws: MasterKeyError.noSecret(path: path)) { try self.line(path) }
    }

    @Test(
        "A file that everybody may read, or that a group may change, is refused",
        arguments: [0o644, 0o604, 0o660, 0o622] as [mode_t]
    )
    func modes(mode: mode_t) throws {
        let path = self.folder.write("pin", "1234", mode: mode)
        let error = #expect(throws: MasterKeyError.secretFileOpenToOthers(path: path, mode: mode)) {
            try self.line(path)
        }
        #expect(try #require(error).description.contains("chmod 0600 \(path)"))
        #expect(try self.line(self.folder.write("pin", "1234", mode: 0o640)) == "1234")
    }

    @Test("A file that is not there is named")
    func missing() throws {
        let path = self.folder.path + "/none"
        let error = #expect(throws: MasterKeyError.secretFileMissing(path: path)) { try self.line(path) }
        #expect(try #require(error).description.contains(path))
    }

    @Test("A name without a slash is a credential's where there is one, and a path where there is none")
    func credentials() throws {
        self.folder.write("pin", "1234", mode: 0o440)
        #expect(try self.line("pin", credentials: self.folder.path) == "1234")
        #expect(throws: MasterKeyError.secretFileMissing(path: "other")) {
            try self.line("other", credentials: self.folder.path)
        }
        #expect(throws: MasterKeyError.secretFileMissing(path: "./pin")) {
            try self.line("./pin", credentials: self.folder.path)
        }
    }

    @Test(
        "A master key of mode 0440 is accepted as root's credential, and nowhere else",
        .enabled(if: geteuid() == 0, "needs files of root's")
    )
    func masterKeyCredential() async throws {
        let key = String(repeating: "k", count: 31) + "!"
        let path = self.folder.write("master.key", key, mode: 0o440)
        _ = try FileMasterKey(path: path, user: 1234, credentials: self.folder.path)
        _ = try FileMasterKey(path: path, user: 1234, credentials: self.folder.path + "/")
        for elsewhere in [nil, "/run/credentials/other", self.folder.path + "x", "/tmp"] as [String?] {
            #expect(throws: MasterKeyError.openToOthers(path: path, mode: 0o440)) {
                _ = try FileMasterKey(path: path, user: 1234, credentials: elsewhere)
            }
        }
        let source = MasterKeySource.file(path: "master.key")
        let provider = try await source.provider(mayCreate: false, credentials: self.folder.path) { _ in }
        #expect(provider.whereabouts.contains(path))
        // Another group than root's, another owner, and what everybody may read.
        chown(path, 0, 4321)
        #expect(throws: MasterKeyError.self) { _ = try FileMasterKey(path: path, credentials: self.folder.path) }
        chown(path, 1234, 0)
        #expect(throws: MasterKeyError.self) {
            _ = try FileMasterKey(path: path, user: 1234, credentials: self.folder.path)
        }
        chown(path, 0, 0)
        chmod(path, 0o444)
        #expect(throws: MasterKeyError.self) { _ = try FileMasterKey(path: path, credentials: self.folder.path) }
    }

    @Test("A path is a credential's only right in the folder", arguments: ["a/../b", "..", ".", "", "a/b"])
    func folders(name: String) {
        #expect(CredentialsFolder.contains("/run/credentials/x/key", folder: "/run/credentials/x"))
        #expect(!CredentialsFolder.contains("/run/credentials/x/" + name, folder: "/run/credentials/x"))
    }
}
