package import EscrowCrypto

/// What seals, opens and recognises secrets: the parts of an open keyring that the service needs.
package struct EscrowKeys: Sendable {
    /// Seals with public keys alone.
    package let sealer: Sealer
    /// Opens with private keys.
    package let opener: Opener
    /// Recognises a secret that is here already, without opening anything.
    package let fingerprinter: KeyFingerprinter
    /// Says which of the keyring's keys no longer open what they should; empty when all is well.
    let failedCanaries: @Sendable () -> [CanaryFailure]

    /// Takes the parts from a keyring.
    package init(_ keyring: Keyring) throws(SealError) {
        self.sealer = try keyring.sealer()
        self.opener = keyring.opener
        self.fingerprinter = keyring.fingerprinter
        self.failedCanaries = { keyring.failedCanaries() }
    }
}
