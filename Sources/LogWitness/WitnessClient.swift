import AsyncHTTPClient
import AuditLog
import NIOCore
import NIOHTTP1

/// Asks a witness to cosign.
struct WitnessClient: Sendable {
    /// What a witness answers.
    enum Answer: Equatable, Sendable {
        /// Signature lines, unverified.
        case cosigned([NoteSignature])
        /// It has cosigned the log at this size.
        case hasSize(UInt64)
        /// The checkpoint does not extend the one it cosigned.
        case inconsistent
        /// It does not do it, or cannot; a few words that are no secret.
        case failed(String)
    }

    /// The most that is read of an answer.
    private static let largestAnswer = 65_536

    let client: HTTPClient
    /// How long a witness may take; one that hangs is given up.
    let timeout: TimeAmount

    /// Sends a request.
    func send(_ request: WitnessRequest, to witness: WitnessAddress) async -> Answer {
        var message = HTTPClientRequest(url: witness.url + "/add-checkpoint")
        message.method = .POST
        message.headers.add(name: "content-type", value: "text/plain; charset=utf-8")
        message.body = .bytes(ByteBuffer(string: request.text))
        do {
            let response = try await self.client.execute(message, timeout: self.timeout)
            let body = try await response.body.collect(upTo: Self.largestAnswer)
            return Self.answer(status: response.status.code, Array(body.readableBytesView))
        } catch {
            return .failed("it cannot be reached")
        }
    }

    /// Reads an answer.
    static func answer(status: UInt, _ body: [UInt8]) -> Answer {
        switch status {
        case 200:
            let lines = (String(validating: body, as: UTF8.self) ?? "").split(separator: "\n")
            let signatures = lines.prefix(SignedNote.maximumSignatureCount).compactMap {
                NoteSignature(line: String($0))
            }
            return signatures.isEmpty ? .failed("its answer has no signature") : .cosigned(signatures)
        case 409:
            let digits = (String(validating: body, as: UTF8.self) ?? "").split(separator: "\n").first ?? ""
            guard let size = UInt64(digits), digits == String(size) else {
                return .failed("it answered 409 without a size")
            }
            return .hasSize(size)
        case 422: return .inconsistent
        case 403: return .failed("it does not believe this log's key: give it the verifier key that the server prints")
        case 404: return .failed("it is no witness of this log: give it the log's verifier key")
        default: return .failed("it answered with status \(status)")
        }
    }
}
