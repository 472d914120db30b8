import BitLocker

/// How proofs cross between the processes: by number, with what they carry.
extension WireWriter {
    mutating func write(_ proof: Proof) {
        switch proof {
        case .proven: self.write(1 as UInt8)
        case .refuted(.wrongSecret): self.write(2 as UInt8)
        case .refuted(.protectorNotOnVolume): self.write(3 as UInt8)
        case .refuted(.otherVolume): self.write(4 as UInt8)
        case .refuted(.metadataTampered(let copies)):
            self.write(5 as UInt8)
            self.write(copies.map { UInt8(clamping: $0) })
        case .notProvable(.noValidMetadata): self.write(6 as UInt8)
        case .notProvable(.copiesDiffer): self.write(7 as UInt8)
        case .notProvable(.notEncrypted): self.write(8 as UInt8)
        case .notProvable(.wrongKind(let kind)):
            self.write(9 as UInt8)
            self.write(kind.protection)
        case .notProvable(.unsupportedKeyDerivation): self.write(10 as UInt8)
        case .notProvable(.stripped): self.write(11 as UInt8)
        case .notProvable(.incompleteMetadata): self.write(12 as UInt8)
        }
    }
}

extension WireReader {
    mutating func proof() throws(WireError) -> Proof {
        switch try self.number(UInt8.self) {
        case 1: .proven
        case 2: .refuted(.wrongSecret)
        case 3: .refuted(.protectorNotOnVolume)
        case 4: .refuted(.otherVolume)
        case 5: .refuted(.metadataTampered(copies: try self.bytes().map { Int($0) }))
        case 6: .notProvable(.noValidMetadata)
        case 7: .notProvable(.copiesDiffer)
        case 8: .notProvable(.notEncrypted)
        case 9: .notProvable(.wrongKind(KeyProtector.Kind(protection: try self.number(UInt16.self))))
        case 10: .notProvable(.unsupportedKeyDerivation)
        case 11: .notProvable(.stripped)
        case 12: .notProvable(.incompleteMetadata)
        default: throw .malformed
        }
    }
}

extension KeyProtector.Kind {
    /// A number that `init(protection:)` reads as this kind.
    fileprivate var protection: UInt16 {
        switch self {
        case .clearKey: 0x0000
        case .tpm: 0x0100
        case .externalKey: 0x0200
        case .tpmPIN: 0x0500
        case .tpmStartupKey: 0x0600
        case .tpmPINStartupKey: 0x0700
        case .recoveryPassword: 0x0800
        case .smartCard: 0x1000
        case .passphrase: 0x2000
        case .unknown(let number): number
        }
    }
}
