import BitLocker
import EscrowModel

/// Reported protectors as a column holds them: 17 bytes each, a kind's number and the protector's ID.
extension ReportedProtector {
    static func encode(_ protectors: [ReportedProtector]) -> [UInt8] {
        protectors.flatMap { [$0.kind.number] + $0.id.bytes }
    }

    /// Nil when the bytes are not whole protectors of known kinds.
    static func decode(_ bytes: [UInt8]) -> [ReportedProtector]? {
        guard bytes.count % 17 == 0 else { return nil }
        return bytes.withUnsafeBytes { buffer in
            var protectors: [ReportedProtector] = []
            protectors.reserveCapacity(buffer.count / 17)
            guard let start = buffer.baseAddress else { return protectors }
            for at in stride(from: 0, to: buffer.count, by: 17) {
                guard let kind = Kind(number: buffer[at]) else { return nil }
                protectors.append(ReportedProtector(id: GUID(at: start + at + 1), kind: kind))
            }
            return protectors
        }
    }
}

extension ReportedProtector.Kind {
    /// The number that stands for the kind in the database; never given to another one.
    fileprivate var number: UInt8 {
        switch self {
        case .tpm: 1
        case .tpmAndPIN: 2
        case .tpmAndStartupKey: 3
        case .tpmAndPINAndStartupKey: 4
        case .recoveryPassword: 5
        case .recoveryKey: 6
        case .passphrase: 7
        case .publicKey: 8
        case .other: 9
        }
    }

    fileprivate init?(number: UInt8) {
        guard let kind = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = kind
    }
}
