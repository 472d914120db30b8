import BitLocker
import EscrowAPI
import EscrowModel
import EscrowService
import FoundationEssentials

extension Deposit {
    /// Takes over what a device sent: the secret goes into its own type at once. A problem names the group that is
    /// wrong, and never a digit.
    init(_ sent: DepositRequest) throws {
        self.init(
            volume: sent.volumeId,
            protector: sent.protectorId,
            secret: try RecoverySecret(sent.type, sent: sent.secret),
            metadata: try sent.metadata.map { metadata in
                guard let bytes = Data(base64Encoded: metadata) else {
                    throw Problem.invalid(field: "metadata", "must be Base64 (RFC 4648, section 4)")
                }
                return Array(bytes)
            }
        )
    }
}

extension RecoverySecret {
    /// Reads the 48 digits, or a `.BEK` file in Base64.
    fileprivate init(_ kind: SecretKind, sent text: String) throws(Problem) {
        switch kind {
        case .recoveryPassword:
            do throws(RecoveryPasswordError) {
                self = .recoveryPassword(try RecoveryPassword(parsing: text.utf8))
            } catch {
                throw .invalid(field: "secret", "cannot be accepted: \(error)")
            }
        case .recoveryKey:
            guard let file = Data(base64Encoded: text) else {
                throw .invalid(field: "secret", "must be a .BEK file in Base64 (RFC 4648, section 4)")
            }
            var bytes = Array(file)
            defer { bytes.wipe() }
            do throws(RecoveryKeyError) {
                self = .recoveryKey(try RecoveryKey(parsing: bytes))
            } catch {
                throw .invalid(field: "secret", "cannot be accepted: \(error)")
            }
        }
    }
}
