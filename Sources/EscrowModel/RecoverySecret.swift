package import BitLocker

/// A key protector's secret on its way into or out of escrow. It cannot be copied, and is wiped when it goes.
package enum RecoverySecret: ~Copyable, Sendable {
    /// 48 digits.
    case recoveryPassword(RecoveryPassword)
    /// A `.BEK` file.
    case recoveryKey(RecoveryKey)

    /// Which kind of secret it is.
    package var kind: SecretKind {
        switch self {
        case .recoveryPassword: .recoveryPassword
        case .recoveryKey: .recoveryKey
        }
    }

    /// The protector that the secret itself names, as a `.BEK` file does.
    package var namedProtector: GUID? {
        switch self {
        case .recoveryPassword: nil
        case .recoveryKey(let key): key.protectorID
        }
    }

    /// Lends the bytes that are sealed: 55 ASCII characters, or a 156-byte `.BEK` file. They are wiped afterwards.
    package borrowing func withBytes<Value: ~Copyable, Failure: Error>(
        _ body: (Swift.Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        switch self {
        case .recoveryPassword(let password): try password.withDigits(body)
        case .recoveryKey(let key): try key.withFileBytes(body)
        }
    }

    /// Reads the bytes that `withBytes` lends; nil when they are not such a secret, which then is not said further.
    package init?(_ kind: SecretKind, bytes: some RandomAccessCollection<UInt8>) {
        switch kind {
        case .recoveryPassword:
            do throws(RecoveryPasswordError) {
                self = .recoveryPassword(try RecoveryPassword(parsing: bytes))
            } catch { return nil }
        case .recoveryKey:
            do throws(RecoveryKeyError) {
                self = .recoveryKey(try RecoveryKey(parsing: bytes))
            } catch { return nil }
        }
    }

    /// Makes a second one of the same secret.
    package init?(copying other: borrowing RecoverySecret) {
        let kind = other.kind
        let copy = other.withBytes { bytes in bytes.withUnsafeBufferPointer { RecoverySecret(kind, bytes: $0) } }
        guard let copy else { return nil }
        self = copy
    }
}
