import BitLocker
import EscrowModel
import Hummingbird
import MessageSignatures
import Synchronization

/// Checks the signatures of devices' requests (RFC 9421) and remembers them, so that none counts twice.
final class DeviceSignatures: Sendable {
    private let clock: @Sendable () -> Timestamp
    private let used = Mutex(NonceCache())
    // Apart from the others: anybody can make a key and sign an enrolment with it, so this one can be filled by
    // strangers. Then nothing enrols for a few minutes, and enrolled devices notice nothing.
    private let usedForEnrolment = Mutex(NonceCache(capacity: 20_000, capacityOfKey: 20))

    init(clock: @escaping @Sendable () -> Timestamp) {
        self.clock = clock
    }

    /// The signature of a request, with all of it checked that needs no key.
    func read(from request: Request, content: RequestContent) throws(Problem) -> (
        signature: RequestSignature, device: GUID
    ) {
        do throws(SignatureError) {
            let signature = try Self.signature(of: request, content, at: self.now)
            // One way to write a device ID, so that a device has one share of what is remembered.
            guard let device = GUID(signature.keyID), device.description == signature.keyID else {
                throw .malformedParameter("keyid")
            }
            return (signature, device)
        } catch {
            throw Problem(error)
        }
    }

    /// Checks a device's signature with its key and takes it into use.
    func verify(_ signature: RequestSignature, with key: DevicePublicKey) throws(Problem) {
        let now = self.now
        do throws(SignatureError) {
            let verified = try signature.verified(with: key)
            try self.used.withLock { used throws(SignatureError) in try used.use(verified, at: now) }
        } catch {
            throw Problem(error)
        }
    }

    /// Checks that whoever enrols has the private half of the key, and takes the signature into use.
    func verifyPossession(_ signature: RequestSignature, of key: DevicePublicKey) throws(Problem) {
        let now = self.now
        do throws(SignatureError) {
            let verified = try signature.verified(with: key)
            try self.usedForEnrolment.withLock { used throws(SignatureError) in try used.use(verified, at: now) }
        } catch {
            throw Problem(error)
        }
    }

    private var now: Int64 { self.clock().milliseconds / 1000 }

    private static func signature(
        of request: Request,
        _ content: RequestContent,
        at now: Int64
    ) throws(SignatureError) -> RequestSignature {
        var body = content.copy()
        defer { body.wipe() }
        return try Self.signature(of: SignedRequest(request.head, body: body), at: now)
    }

    /// Apart from the above, so that the signed request and its share of the body are gone before the body is wiped.
    private static func signature(
        of request: consuming SignedRequest,
        at now: Int64
    ) throws(SignatureError) -> RequestSignature {
        try RequestSignature(of: request, at: now)
    }
}

extension Problem {
    /// Says what is wrong with a signature, which whoever writes an agent must know and which helps nobody forge one.
    init(_ error: SignatureError) {
        switch error {
        case .tooManyRequestsOfKey:
            self = .tooManyRequests(detail: "\(error)", retryAfterSeconds: 60)
        case .tooManyRequests:
            self = .unavailable(detail: "\(error)", retryAfterSeconds: 60)
        case .missingField, .repeatedField, .malformedField, .malformedRequest, .duplicateLabel, .wrongLabel,
            .missingComponent, .unexpectedComponent, .repeatedComponent, .missingParameter, .malformedParameter,
            .unexpectedParameter, .unsupportedAlgorithm, .wrongTag, .endsBeforeItBegins, .lifetimeTooLong,
            .createdInTheFuture, .expired, .unsupportedDigest, .digestMismatch, .malformedSignature, .wrongSignature,
            .replayed:
            self = .notAuthenticated(scheme: "Signature", detail: "\(error)")
        }
    }
}
