import AsyncHTTPClient
import EscrowModel
import EscrowServer
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL

/// Whether a server runs on a data directory, and what it says of itself.
enum ServerCheck {
    /// Whether one answers on the admin socket.
    static func isAnswering(_ directory: String) async -> Bool {
        await Self.get("/healthz", directory)?.status == .ok
    }

    static func findings(_ directory: String, isRunning: Bool) async -> [Finding] {
        let isLocked = Self.isLocked(directory + "/sparekey.db.lock")
        guard isRunning else {
            return isLocked
                ? [.fail("server", "a process holds the directory but does not answer on admin.sock; look at its log")]
                : [.ok("server", "none runs")]
        }
        guard let answer = await Self.get("/readyz", directory) else {
            return [.fail("server", "it does not answer /readyz; look at its log")]
        }
        struct State: Decodable {
            var detail: String?
            var notices: [String]?
        }
        let state = await Self.bytes(of: answer).flatMap { try? JSONDecoder().decode(State.self, from: Data($0)) }
        var findings: [Finding] = [
            answer.status == .ok
                ? .ok("server", "it runs and is ready")
                : .fail("server", "it runs and is not ready: \(state?.detail ?? "it does not say why")")
        ]
        findings += (state?.notices ?? []).map { .warn("server", $0) }
        let sinks = await Self.get("\(APIPath.keys)/audit/sinks", directory)
        return findings + SinkCheck.findings(sinks?.status == .ok ? await Self.bytes(of: sinks) : nil)
    }

    private static func get(_ path: String, _ directory: String) async -> HTTPClientResponse? {
        let url = "http+unix://" + PercentEncoding.encode(directory + "/admin.sock") + path
        return try? await Outbound.withClient(caFile: nil) { client in
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
            // The body is read while there is a client.
            var whole = response
            whole.body = .bytes(try await response.body.collect(upTo: 1 << 20))
            return whole
        }
    }

    private static func bytes(of answer: HTTPClientResponse?) async -> [UInt8]? {
        try? await (answer?.body.collect(upTo: 1 << 20)).map { Array($0.readableBytesView) }
    }

    private static func isLocked(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}

/// The server's certificate, where it has one.
enum CertificateCheck {
    private static let soon = TimeSpan.days(21)

    static func findings(_ configuration: ServeConfiguration, now: Timestamp) -> [Finding] {
        guard let files = configuration.server.tls else {
            return ListenAddress.isLoopback(configuration.server.host)
                ? [.ok("certificate", "none: the server listens on this machine only")]
                : [.warn("certificate", "none: a proxy must end TLS, on a network that you trust")]
        }
        return Finding.of("certificate") {
            guard let certificate = try NIOSSLCertificate.fromPEMFile(files.certificateChain).first else {
                return [.fail("certificate", "\(files.certificateChain) has none")]
            }
            let ends = Timestamp(seconds: Int64(certificate.notValidAfter))
            let begins = Timestamp(seconds: Int64(certificate.notValidBefore))
            if now >= ends { return [.fail("certificate", "it ended on \(ends): renew it, then restart the server")] }
            if now < begins { return [.fail("certificate", "it begins on \(begins); is the clock right?")] }
            if now + Self.soon >= ends { return [.warn("certificate", "it ends on \(ends): renew it")] }
            return [.ok("certificate", "it ends on \(ends)")]
        }
    }
}
