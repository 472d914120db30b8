import AsyncHTTPClient
import Crypto
import EscrowModel
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL

/// The HTTP API of OpenBao and Vault, as far as a master key needs it.
///
/// A request that finds no connection, or a service that is busy, is sent once more after half a second.
struct TransitClient: Sendable {
    /// An answer: its status and its body.
    struct Answer {
        /// The HTTP status.
        let status: Int
        /// The body.
        let body: Data

        /// What the service says went wrong; shortened, and without line breaks.
        var message: String {
            let errors = (try? JSONDecoder().decode(TransitMessages.Errors.self, from: self.body))?.errors ?? []
            let text = errors.joined(separator: "; ").split(whereSeparator: { $0.isWhitespace }).joined(separator: " ")
            return String(text.prefix(200))
        }
    }

    private static let largestAnswer = 1 << 20
    private let address: KeyServiceAddress
    private let namespace: String?
    private let tls: TLSConfiguration?
    private let timeout: TimeAmount

    /// One for the process: what differs between services goes with each request.
    private static let shared: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // A request's own limit does not hold for the body of its answer.
        configuration.timeout.read = .seconds(TransitMasterKey.patience)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Takes what the settings say of a service.
    ///
    /// - Parameters:
    ///   - source: the service and its key.
    ///   - seconds: how long one answer may take.
    init(_ source: MasterKeySource.KeyService, timeout seconds: Int64) throws(TransitError) {
        self.address = try KeyServiceAddress(source.address)
        for (name, what) in [(source.mount, "mount"), (source.key, "key's name"), (source.namespace, "namespace")] {
            guard name.map(Self.isName) ?? true else { throw .badName(what: what) }
        }
        if let file = source.caFile {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
                throw .badCAFile(path: file)
            }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(certificates)
            self.tls = tls
        } else {
            self.tls = nil
        }
        self.namespace = source.namespace
        self.timeout = .seconds(seconds)
    }

    /// Sends a request without a body.
    func get(_ path: String, token: SymmetricKey?) async throws(TransitError) -> Answer {
        try await self.send(.GET, path, nil, token)
    }

    /// Sends a request with a body.
    func post(_ path: String, _ body: some Encodable, token: SymmetricKey?) async throws(TransitError) -> Answer {
        guard let bytes = try? JSONEncoder().encode(body) else { throw .unexpected(status: 0, message: "") }
        return try await self.send(.POST, path, bytes, token)
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: Data?,
        _ token: SymmetricKey?
    ) async throws(TransitError) -> Answer {
        let first: TransitError
        do throws(TransitError) {
            let answer = try await self.sendOnce(method, path, body, token)
            guard answer.status == 429 || answer.status >= 500 else { return answer }
            first = answer.status == 503 ? .sealed : .busy(status: answer.status)
        } catch {
            guard case .unreachable = error else { throw error }
            first = error
        }
        guard (try? await Task.sleep(for: .milliseconds(500))) != nil else { throw first }
        let answer = try await self.sendOnce(method, path, body, token)
        if answer.status == 503, answer.message.contains("sealed") { throw .sealed }
        guard answer.status < 500, answer.status != 429 else { throw .busy(status: answer.status) }
        return answer
    }

    private func sendOnce(
        _ method: HTTPMethod,
        _ path: String,
        _ body: Data?,
        _ token: SymmetricKey?
    ) async throws(TransitError) -> Answer {
        var request = HTTPClientRequest(url: self.address.text + "/v1/" + path)
        request.method = method
        request.tlsConfiguration = self.tls
        request.headers.add(name: "x-vault-request", value: "true")
        if let token {
            request.headers.add(
                name: "x-vault-token",
                value: token.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            )
        }
        if let namespace { request.headers.add(name: "x-vault-namespace", value: namespace) }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            let response = try await Self.shared.execute(request, timeout: self.timeout)
            let bytes = try await response.body.collect(upTo: Self.largestAnswer)
            return Answer(status: Int(response.status.code), body: Data(bytes.readableBytesView))
        } catch let error as HTTPClientError where Self.timeouts.contains(error) {
            throw .timedOut
        } catch let error as NIOSSLError {
            throw .untrusted(reason: Self.short(error))
        } catch let error as NIOSSLExtraError {
            throw .untrusted(reason: Self.short(error))
        } catch {
            throw .unreachable(reason: Self.short(error))
        }
    }

    /// Whether a name goes into a path as it is.
    private static func isName(_ text: String) -> Bool {
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        return segments.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
    ]

    private static func short(_ error: any Error) -> String { String("\(error)".prefix(200)) }
}
