import EscrowCrypto

/// How errors cross between the processes: by number, with what they carry.
extension WireWriter {
    mutating func write(_ error: SealError) {
        switch error {
        case .noRecipients: self.write(1 as UInt8)
        case .badRecipients: self.write(2 as UInt8)
        case .badLength: self.write(3 as UInt8)
        case .invalidPublicKey: self.write(4 as UInt8)
        case .invalidPrivateKey: self.write(5 as UInt8)
        case .encryptionFailed: self.write(6 as UInt8)
        case .malformed: self.write(7 as UInt8)
        case .unsupportedVersion: self.write(8 as UInt8)
        case .unknownRecipients(let recipients):
            self.write(9 as UInt8)
            self.write(UInt32(recipients.count))
            for recipient in recipients { self.write(recipient.value) }
        case .doesNotOpen: self.write(10 as UInt8)
        }
    }

    mutating func write(_ error: KeyHolderError) {
        switch error {
        case .seal(let error):
            self.write(1 as UInt8)
            self.write(error)
        case .keyring(let reason):
            self.write(2 as UInt8)
            self.write(reason)
        case .notASecret: self.write(3 as UInt8)
        case .refused(let reason):
            self.write(4 as UInt8)
            self.write(reason)
        case .tooMuch(let reason):
            self.write(5 as UInt8)
            self.write(reason)
        case .unavailable(let reason):
            self.write(6 as UInt8)
            self.write(reason)
        }
    }
}

extension WireReader {
    mutating func sealError() throws(WireError) -> SealError {
        switch try self.number(UInt8.self) {
        case 1: .noRecipients
        case 2: .badRecipients
        case 3: .badLength
        case 4: .invalidPublicKey
        case 5: .invalidPrivateKey
        case 6: .encryptionFailed
        case 7: .malformed
        case 8: .unsupportedVersion
        case 9:
            .unknownRecipients(
                try self.list(ofAtLeast: 8) { (reader) throws(WireError) in
                    RecipientID(value: try reader.number(UInt64.self))
                }
            )
        case 10: .doesNotOpen
        default: throw .malformed
        }
    }

    mutating func holderError() throws(WireError) -> KeyHolderError {
        switch try self.number(UInt8.self) {
        case 1: .seal(try self.sealError())
        case 2: .keyring(try self.text())
        case 3: .notASecret
        case 4: .refused(try self.text())
        case 5: .tooMuch(try self.text())
        case 6: .unavailable(try self.text())
        default: throw .malformed
        }
    }

    /// The bytes of a keyring document, as an error of its own kind.
    mutating func keyringBytes() throws(KeyringError) -> [UInt8] {
        do throws(WireError) { return try self.bytes() } catch { throw .malformed(reason: "the message is damaged") }
    }
}
