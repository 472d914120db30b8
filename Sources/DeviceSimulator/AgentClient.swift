package import AsyncHTTPClient
package import BitLocker
package import Crypto
package import EscrowAPI
import FoundationEssentials
import HTTPTypes
import MessageSignatures
import NIOCore
import NIOHTTP1

/// Speaks the agent protocol as one device: each request signed with the device's own key.
package struct AgentClient: Sendable {
    /// The server's address without a path, such as `https://keys.example.com`.
    private let server: String
    private let http: HTTPClient
    private let signer: RequestSigner
    private let key: P256.Signing.PrivateKey

    /// The most that is read of an answer.
    private static let largestAnswer = 1 << 20

    /// Makes a client of one device.
    ///
    /// - Parameters:
    ///   - server: the server's address without a path and without a slash at its end.
    ///   - http: what to send with; it stays the caller's.
    ///   - device: the device ID in its text form, which is also the key ID of the signatures.
    ///   - key: the device's key.
    package init(server: String, http: HTTPClient, device: String, key: P256.Signing.PrivateKey) {
        self.server = server
        self.http = http
        self.signer = RequestSigner(keyID: device, key: key)
        self.key = key
    }

    /// The device's public key, as an enrolment names it.
    package var publicKey: String { DevicePublicKey(of: self.key).base64 }

    /// Enrols, or enrols again with the same key.
    package func enrol(_ request: EnrolRequest, token: String) async throws -> EnrolAnswer {
        try await self.post("/api/agent/v1/enrol", request, bearer: token)
    }

    /// Says all that the device knows; the answer says what to do.
    package func checkIn(_ request: CheckInRequest) async throws -> CheckInAnswer {
        try await self.post("/api/agent/v1/check-in", request)
    }

    /// Deposits a secret.
    package func deposit(_ request: DepositRequest) async throws -> DepositAnswer {
        try await self.post("/api/agent/v1/deposits", request)
    }

    /// Says that the device could not do what escrow needs.
    package func report(_ failure: FailureRequest) async throws {
        _ = try await self.send("/api/agent/v1/failures", failure)
    }

    /// Says what became of an instruction.
    package func report(_ result: InstructionResultRequest, of instruction: GUID) async throws {
        _ = try await self.send("/api/agent/v1/instructions/\(instruction)/result", result)
    }

    private func post<Answer: Decodable>(
        _ path: String,
        _ request: some Encodable,
        bearer: String? = nil
    ) async throws -> Answer {
        let bytes = try await self.send(path, request, bearer: bearer)
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes)) else {
            throw AgentError.unreadableAnswer
        }
        return answer
    }

    private func send(_ path: String, _ request: some Encodable, bearer: String? = nil) async throws -> [UInt8] {
        let body = Array(try JSONEncoder().encode(request))
        var generator = SystemRandomNumberGenerator()
        let signature = try self.signer.fields(
            for: SignedRequest(method: "POST", path: path, body: body),
            at: Int64(Date().timeIntervalSince1970),
            using: &generator
        )
        var message = HTTPClientRequest(url: self.server + path)
        message.method = .POST
        message.headers.add(name: "content-type", value: "application/json")
        message.headers.add(name: "user-agent", value: "sparekey-simulate")
        if let bearer { message.headers.add(name: "authorization", value: "Bearer \(bearer)") }
        for field in signature { message.headers.add(name: field.name.rawName, value: field.value) }
        message.body = .bytes(ByteBuffer(bytes: body))
        let answer: (status: Int, bytes: [UInt8])
        do {
            let response = try await self.http.execute(message, timeout: .seconds(30))
            let collected = try await response.body.collect(upTo: Self.largestAnswer)
            answer = (Int(response.status.code), Array(collected.readableBytesView))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            throw AgentError.unreachable("\(error)")
        }
        guard (200..<300).contains(answer.status) else {
            guard let problem = try? JSONDecoder().decode(ProblemDocument.self, from: Data(answer.bytes)) else {
                throw AgentError.unexpectedStatus(answer.status)
            }
            throw AgentError.refused(problem)
        }
        return answer.bytes
    }
}
