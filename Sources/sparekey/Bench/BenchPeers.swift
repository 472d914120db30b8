import Foundation
import Glibc

/// The places that a master key can be in, set up for the time of the measurement where this machine has what they need.
struct BenchPeers {
    /// One way to run a server.
    struct Variant {
        /// What is different about it.
        let name: String
        /// The flags of `sparekey serve` that say so.
        let arguments: [String]
    }

    private static let modules = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"]

    /// What could not be measured here, and why.
    private(set) var left: [String] = []
    private let directory: String
    private var keyService: BenchProcess?

    /// Takes an empty directory for files of theirs.
    init(directory: String) { self.directory = directory }

    /// Every way that can be tried here. The first is the one that the others are compared with.
    mutating func variants() throws -> [Variant] {
        var variants = [
            Variant(name: "file, P-256", arguments: []),
            Variant(name: "file, X-Wing", arguments: ["--keyring-suite", "X-Wing"]),
            Variant(name: "file, opener in process", arguments: ["--opener", "inProcess"]),
            Variant(name: "passphrase", arguments: ["--passphrase-file", try self.file("passphrase")]),
        ]
        for variant in [try self.token(), try self.service()] {
            if let variant { variants.append(variant) }
        }
        return variants
    }

    /// Ends what was started.
    func stop() { self.keyService?.stop() }

    /// A token in software, by SoftHSM.
    private mutating func token() throws -> Variant? {
        guard let module = Self.modules.first(where: { access($0, R_OK) == 0 }) else {
            self.left.append("PKCS #11: there is no SoftHSM (Debian: softhsm2)")
            return nil
        }
        let tokens = self.directory + "/tokens"
        mkdir(tokens, 0o700)
        let configuration = try self.file("softhsm2.conf", "directories.tokendir = \(tokens)\nlog.level = ERROR\n")
        setenv("SOFTHSM2_CONF", configuration, 1)
        let words = ["--init-token", "--free", "--label", "bench", "--so-pin", "123456", "--pin", "123456"]
        guard try BenchProcess(words, of: "softhsm2-util", isQuiet: true).wait() == 0 else {
            self.left.append("PKCS #11: softhsm2-util makes no token")
            return nil
        }
        return Variant(
            name: "PKCS #11 (SoftHSM)",
            arguments: [
                "--pkcs11-module", module, "--pkcs11-token", "bench", "--pkcs11-key", "sparekey",
                "--pkcs11-pin-file", try self.file("pin", "123456\n"),
            ]
        )
    }

    /// A key service, by OpenBao.
    private mutating func service() throws -> Variant? {
        let port = try BenchServer.freePort()
        let address = "http://127.0.0.1:\(port)"
        let token = try self.file("service-token")
        guard let secret = try? SmallFile.line(token).map({ UnicodeScalar($0) }) else { return nil }
        let root = String(String.UnicodeScalarView(secret))
        let words = [
            "server", "-dev", "-dev-no-store-token", "-dev-listen-address=127.0.0.1:\(port)",
            "-dev-root-token-id=\(root)",
        ]
        guard let process = try? BenchProcess(words, of: "bao", isQuiet: true) else {
            self.left.append("Transit: there is no `bao` on the PATH (OpenBao)")
            return nil
        }
        self.keyService = process
        setenv("BAO_ADDR", address, 1)
        setenv("BAO_TOKEN", root, 1)
        var patience = 100
        while try BenchProcess(["secrets", "enable", "transit"], of: "bao", isQuiet: true).wait() != 0 {
            patience -= 1
            guard patience > 0 else {
                self.left.append("Transit: OpenBao does not answer")
                return nil
            }
            usleep(100_000)
        }
        return Variant(
            name: "Transit (OpenBao)",
            arguments: ["--transit-address", address, "--transit-key", "sparekey", "--transit-token-file", token]
        )
    }

    /// Writes a file that nobody else may read; with 32 random letters in it unless a text is given.
    private func file(_ name: String, _ text: String? = nil) throws -> String {
        let path = self.directory + "/" + name
        let content = text ?? String((0..<32).compactMap { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() }) + "\n"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("cannot make \(path): \(SmallFile.reason)") }
        defer { close(descriptor) }
        guard write(descriptor, content, content.utf8.count) == content.utf8.count else {
            throw Failure("cannot write \(path): \(SmallFile.reason)")
        }
        return path
    }
}
