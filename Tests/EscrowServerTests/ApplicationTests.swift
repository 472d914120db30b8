import Crypto
import EscrowAPI
import EscrowModel
import EscrowServer
import EscrowService
import Foundation
import Glibc
import Hummingbird
import HummingbirdTesting
import NIOSSL
import Testing

/// The server as it runs: sockets, TLS, time limits and the end.
@Suite(.timeLimit(.minutes(2)))
struct ApplicationTests {
    let escrow: TestEscrow

    init() async throws {
        self.escrow = try await TestEscrow { $0.isProofRequired = false }
    }

    @Test("the server says where it listens when port 0 is asked for, and answers there, with keep-alive")
    func port() async throws {
        try await RunningServer.run(on: self.escrow) { server in
            #expect(server.address.port != 0)
            #expect(server.address.url == "http://127.0.0.1:\(server.address.port)")
            let connection = try server.connect()
            for _ in 0..<2 {
                connection.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                let answer = try await connection.answer()
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix(#"{"status":"alive"}"#))
                #expect(!answer.lowercased().contains("\r\nserver:"))
            }
        }
    }

    @Test("an answer that is streamed arrives whole")
    func export() async throws {
        let token = try await self.escrow.token(.auditor)
        try await RunningServer.run(on: self.escrow) { server in
            let connection = try server.connect()
            connection.write(
                "GET \(keysPath)/audit/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n"
            )
            let answer = try await connection.read { $0.hasSuffix("\r\n0\r\n\r\n") }.text
            #expect(answer.contains("application/x-ndjson") && answer.contains("token.created"))
        }
    }

    @Test("a body in pieces is read whole, and one that exceeds the limit while it comes is answered 413")
    func chunked() async throws {
        let token = try await self.escrow.token(.administrator)
        let head =
            "PUT /api/devices/8f595209-f5b9-49a0-85d4-cb8f80258c27/legal-hold HTTP/1.1\r\nHost: x\r\n"
            + "Authorization: Bearer \(token)\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        try await RunningServer.run(on: self.escrow) { server in
            let connection = try server.connect()
            connection.write(head + "5\r\n{\"hol\r\n")
            connection.write("9\r\nd\":true }\r\n0\r\n\r\n")
            #expect(try await connection.answer().hasPrefix("HTTP/1.1 404 "))
            connection.write(head)
            let piece = String(repeating: " ", count: 1000)
            for _ in 0..<70 { connection.write("3e8\r\n\(piece)\r\n") }
            connection.write("0\r\n\r\n")
            #expect(try await connection.answer().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("a body that announces more than the limit is refused before it comes, and the connection is closed")
    func announced() async throws {
        try await RunningServer.run(on: self.escrow) { server in
            let connection = try server.connect()
            connection.write("POST /api/agent/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 524289\r\n\r\n")
            let answer = try await connection.answer()
            #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.lowercased().contains("connection: close"))
            #expect(try await connection.read(for: .seconds(10)).isClosed)
        }
    }

    @Test("a body that is cut short is not taken for a whole one")
    func cutShort() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.helpdesk)
        try await RunningServer.run(on: self.escrow) { server in
            // Without its last bytes this would be a rotation of every volume.
            do {
                let connection = try server.connect()
                connection.write(
                    "POST \(keysPath)/\(agent.id)/rotate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n"
                )
                try await Task.sleep(for: .milliseconds(100))
            }
            try await Task.sleep(for: .milliseconds(300))
            let answer = try await self.escrow.network.send(.get, "\(keysPath)/\(agent.id)", token: token)
            #expect(try answer.decode(DeviceKeysDocument.self).rotations.isEmpty)
        }
    }

    @Test("a body that does not come in time is answered 408, and the connection is closed")
    func slowBody() async throws {
        try await RunningServer.run(on: self.escrow, { $0.requestTimeout = .seconds(1) }) { server in
            let connection = try server.connect()
            connection.write("POST /api/agent/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            let answer = try await connection.answer()
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("urn:sparekey:problem:request-timeout"))
            #expect(answer.lowercased().contains("connection: close"))
            #expect(try await connection.read(for: .seconds(10)).isClosed)
        }
    }

    @Test("a connection that says nothing is closed after the idle time")
    func idle() async throws {
        try await RunningServer.run(on: self.escrow, { $0.idleTimeout = .seconds(1) }) { server in
            let connection = try server.connect()
            let (text, isClosed) = try await connection.read(for: .seconds(20))
            #expect(text.isEmpty && isClosed)
            let half = try server.connect()
            half.write("GET /healthz HT")
            #expect(try await half.read(for: .seconds(20)).isClosed)
        }
    }

    @Test("a header that is longer than any honest one is refused")
    func longHeader() async throws {
        try await RunningServer.run(on: self.escrow) { server in
            let connection = try server.connect()
            connection.write("GET /healthz HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 40_000))\r\n\r\n")
            #expect(try await connection.read(for: .seconds(20)).text.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("more connections than allowed wait until one ends")
    func maximumConnections() async throws {
        try await RunningServer.run(on: self.escrow, { $0.maximumConnections = 1 }) { server in
            var first: RawConnection? = try server.connect()
            first?.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await first?.answer().hasPrefix("HTTP/1.1 200 ") == true)
            let second = try server.connect()
            second.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await second.answer(for: .milliseconds(300)).isEmpty)
            first = nil
            #expect(try await second.answer().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("a graceful shutdown finishes the request that is under way, and lets nobody else in")
    func shutdown() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.helpdesk)
        try await RunningServer.run(on: self.escrow) { server in
            let connection = try server.connect()
            let idle = try server.connect()
            connection.write(
                "POST \(keysPath)/\(agent.id)/reveal HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"reason\""
            )
            try await Task.sleep(for: .milliseconds(200))
            await server.beginShutdown()
            #expect(try await idle.read(for: .seconds(10)).isClosed)
            #expect(throws: (any Error).self) { try server.connect() }
            connection.write(":\"test\"}")
            let (text, isClosed) = try await connection.read(for: .seconds(20))
            #expect(text.hasPrefix("HTTP/1.1 200 ") && text.contains(TestAgent.digits))
            #expect(isClosed)
        }
    }

    @Test("TLS is spoken by the certificate's files, 1.2 at least, and browsers are told to insist on it")
    func tls() async throws {
        let files = try TestCertificate.write(to: self.escrow.directory)
        let roots = try NIOSSLCertificate.fromPEMBytes(Array(TestCertificate.pem.utf8))
        try await RunningServer.run(on: self.escrow, { $0.tls = files }) { server in
            #expect(server.address.url.hasPrefix("https://"))
            for (maximum, isAccepted) in [(TLSVersion.tlsv13, true), (.tlsv12, true), (.tlsv11, false)] {
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.trustRoots = .certificates(roots)
                configuration.minimumTLSVersion = .tlsv1
                configuration.maximumTLSVersion = maximum
                let client = TestClient(
                    host: "localhost",
                    port: server.address.port,
                    configuration: .init(
                        tlsConfiguration: configuration,
                        timeout: .seconds(10),
                        serverName: "localhost"
                    )
                )
                client.connect()
                if isAccepted {
                    let answer = try await client.get("/healthz")
                    #expect(answer.status == .ok)
                    #expect(answer.headers[.strictTransportSecurity] == "max-age=31536000")
                } else {
                    await #expect(throws: (any Error).self) { try await client.get("/healthz") }
                }
                try? await client.shutdown()
            }
        }
    }

    @Test("the admin socket is its user's alone, knows who connects, and is gone afterwards")
    func adminSocket() async throws {
        let path = self.escrow.directory.appending(path: "admin.sock").path
        try await RunningServer.run(on: self.escrow, { $0.adminSocket = path }) { server in
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let connection = try RawConnection(path: path)
            connection.write("GET /api/tokens HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answer().hasPrefix("HTTP/1.1 200 "))
            connection.write(
                "POST /api/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n"
                    + #"{"name":"desk","role":"reader"}"#
            )
            #expect(try await connection.answer().hasPrefix("HTTP/1.1 201 "))
            let name = String(cString: getpwuid(geteuid()).pointee.pw_name)
            let audit = try await self.escrow.console.send(.get, "\(keysPath)/audit?caller=operator:\(name)")
            #expect(audit.text.contains("token.created") && audit.text.contains(#""address":"local""#))
            let network = try server.connect()
            network.write("GET /api/tokens HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await network.answer().hasPrefix("HTTP/1.1 401 "))
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test(
        "a socket that a dead server left is replaced, one that a live server has is not, and nothing else is removed"
    )
    func staleSocket() async throws {
        let path = self.escrow.directory.appending(path: "admin.sock").path
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        try await RunningServer.run(on: self.escrow, { $0.adminSocket = path }) { _ in
            await #expect(throws: ServerStartError.adminSocketInUse(path: path)) {
                try await RunningServer.run(on: self.escrow, { $0.adminSocket = path }) { _ in }
            }
            let connection = try RawConnection(path: path)
            connection.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answer().hasPrefix("HTTP/1.1 200 "))
        }
        try Data("precious".utf8).write(to: URL(filePath: path))
        await #expect(throws: ServerStartError.self) {
            try await RunningServer.run(on: self.escrow, { $0.adminSocket = path }) { _ in }
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test("a server that cannot start says why")
    func startErrors() async throws {
        let directory = self.escrow.directory
        let good = try TestCertificate.write(to: directory)
        let missing = directory.appending(path: "none.pem").path
        let empty = directory.appending(path: "empty.pem").path
        try Data().write(to: URL(filePath: empty))
        let other = directory.appending(path: "other.key").path
        try Data(P256.Signing.PrivateKey().pemRepresentation.utf8).write(to: URL(filePath: other))
        let cases: [(ServerSettings.TLSFiles, ServerStartError)] = [
            (
                .init(certificateChain: missing, privateKey: good.privateKey),
                .unreadableFile(path: missing, reason: "there is no such file")
            ),
            (
                .init(certificateChain: good.certificateChain, privateKey: missing),
                .unreadableFile(path: missing, reason: "there is no such file")
            ),
            (.init(certificateChain: empty, privateKey: good.privateKey), .noCertificate(path: empty)),
            (.init(certificateChain: good.certificateChain, privateKey: empty), .noPrivateKey(path: empty)),
            (
                .init(certificateChain: good.certificateChain, privateKey: good.certificateChain),
                .noPrivateKey(path: good.certificateChain)
            ),
            (
                .init(certificateChain: good.certificateChain, privateKey: other),
                .keyMismatch(certificateChain: good.certificateChain, privateKey: other)
            ),
        ]
        for (files, error) in cases {
            await #expect(throws: error) {
                try await RunningServer.run(on: self.escrow, { $0.tls = files }) { _ in }
            }
            #expect("\(error)".contains(files.certificateChain) || "\(error)".contains(files.privateKey))
        }
        try await RunningServer.run(on: self.escrow) { server in
            await #expect(throws: ServerStartError.self) {
                try await RunningServer.run(on: self.escrow, { $0.port = server.address.port }) { _ in }
            }
        }
    }
}
