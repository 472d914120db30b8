package import BitLocker
import Crypto
package import EscrowCrypto

/// All that the opener answers.
package enum OpenerAnswer: Sendable {
    /// What a server may have of the keyring, and what people must be told.
    case started(ServerKeys, notices: [String])
    /// How far the log was followed; nil when it was never seen.
    case position(UInt64?)
    /// A secret.
    case secret(HeldSecret)
    /// What a proof came to.
    case proof(Proof)
    /// Records sealed anew.
    case rewrapped([Result<[UInt8], SealError>])
    /// What the keyring would be.
    case proposal(KeyringProposal)
    /// The keyring's versions that no longer open what was sealed to them.
    case canaries([CanaryFailure])
    /// It was done.
    case done
    /// It was not done.
    case failed(KeyHolderError)
}

/// A secret on its way out of the opener, in a form that can be put into an answer; wiped when the last owner goes.
package final class HeldSecret: Sendable {
    private let secret: SecretBytes

    /// Takes the secret.
    package init(_ secret: consuming SecretBytes) { self.secret = secret }

    /// Lends the bytes; they must not be copied to anything that is not wiped.
    package func withUnsafeBytes<Value: ~Copyable>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.secret.withUnsafeBytes(body)
    }
}

extension OpenerAnswer {
    /// The answer's bytes, without their frame. Whoever sends them wipes them.
    package var bytes: [UInt8] {
        var writer = WireWriter(reserving: 1024)
        switch self {
        case .started(let keys, let notices):
            let document = keys.document.json
            writer = WireWriter(reserving: document.count + 1024)
            writer.write(1 as UInt8)
            writer.write(document)
            keys.fingerprintKey.withUnsafeBytes { writer.write($0) }
            keys.auditLogSeed.withUnsafeBytes { writer.write($0) }
            writer.write(UInt32(notices.count))
            for notice in notices { writer.write(notice) }
        case .position(let size):
            writer.write(2 as UInt8)
            writer.write(UInt8(size == nil ? 0 : 1))
            writer.write(size ?? 0)
        case .secret(let secret):
            writer.write(3 as UInt8)
            secret.withUnsafeBytes { bytes in
                // Longer than any secret is, so that the array does not move.
                if bytes.count + 16 > 1024 { writer = WireWriter(reserving: bytes.count + 16) }
                writer.write(bytes)
            }
        case .proof(let proof):
            writer.write(4 as UInt8)
            writer.write(proof)
        case .rewrapped(let results):
            writer.write(5 as UInt8)
            writer.write(UInt32(results.count))
            for result in results {
                switch result {
                case .success(let sealed): writer.write(optional: sealed)
                case .failure(let error):
                    writer.write(0 as UInt8)
                    writer.write(error)
                }
            }
        case .proposal(let proposal):
            writer.write(6 as UInt8)
            writer.write(proposal.document)
            writer.write(proposal.detail)
        case .canaries(let failures):
            writer.write(7 as UInt8)
            writer.write(UInt32(failures.count))
            for failure in failures {
                writer.write(UInt32(clamping: failure.version))
                writer.write(failure.error)
            }
        case .done: writer.write(8 as UInt8)
        case .failed(let error):
            writer.write(9 as UInt8)
            writer.write(error)
        }
        return writer.bytes
    }

    /// Reads an answer.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = WireReader(bytes)
        switch try reader.number(UInt8.self) {
        case 1:
            let document: KeyringDocument
            do throws(KeyringError) { document = try KeyringDocument(json: try reader.keyringBytes()) } catch {
                throw .malformed
            }
            let keys = ServerKeys(
                document: document,
                fingerprintKey: SymmetricKey(data: try reader.slice()),
                auditLogSeed: SymmetricKey(data: try reader.slice())
            )
            let notices = try reader.list(ofAtLeast: 4) { (reader) throws(WireError) in try reader.text() }
            self = .started(keys, notices: notices)
        case 2:
            let isKnown = try reader.flag()
            let size = try reader.number(UInt64.self)
            self = .position(isKnown ? size : nil)
        case 3:
            let bytes = try reader.slice()
            self = .secret(HeldSecret(SecretBytes(count: bytes.count) { $0.copyMemory(from: bytes) }))
        case 4: self = .proof(try reader.proof())
        case 5:
            self = .rewrapped(
                try reader.list(ofAtLeast: 2) { (reader) throws(WireError) -> Result<[UInt8], SealError> in
                    try reader.flag() ? .success(try reader.bytes()) : .failure(try reader.sealError())
                }
            )
        case 6: self = .proposal(KeyringProposal(document: try reader.bytes(), detail: try reader.text()))
        case 7:
            self = .canaries(
                try reader.list(ofAtLeast: 5) { (reader) throws(WireError) in
                    CanaryFailure(version: Int(try reader.number(UInt32.self)), error: try reader.sealError())
                }
            )
        case 8: self = .done
        case 9: self = .failed(try reader.holderError())
        default: throw .malformed
        }
        try reader.end()
    }
}
