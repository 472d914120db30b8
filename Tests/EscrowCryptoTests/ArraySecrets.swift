import EscrowCrypto

/// Tests hold their secrets, which open nothing, in arrays.
extension Sealer {
    func seal(_ secret: [UInt8], context: SealContext) throws(SealError) -> [UInt8] {
        try self.seal(secret.span, context: context)
    }
}

extension KeyFingerprinter {
    func fingerprint(of secret: [UInt8], context: SealContext) -> KeyFingerprint {
        self.fingerprint(of: secret.span, context: context)
    }
}
