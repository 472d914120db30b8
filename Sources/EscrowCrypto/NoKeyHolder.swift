package import BitLocker
package import EscrowModel

/// Stands where whoever holds the keys would, on a server that only takes deposits: there is nobody to ask.
package struct NoKeyHolder: KeyHolder {
    private static let reason = "this server only takes deposits. Ask one that runs with --role full."

    /// Makes it, of nothing.
    package init() {}

    package func obstacle() -> KeyHolderError? { .unavailable(Self.reason) }

    package func open(_ sealed: SealedSecret, evidence: LogEvidence) async throws(KeyHolderError) -> SecretBytes {
        throw .unavailable(Self.reason)
    }

    package func prove(_ sealed: SealedSecret, by metadata: [UInt8]) async throws(KeyHolderError) -> Proof {
        throw .unavailable(Self.reason)
    }

    package func rewrap(_ batch: [SealedSecret]) async throws(KeyHolderError) -> [Result<[UInt8], SealError>] {
        throw .unavailable(Self.reason)
    }

    package func propose(
        _ changes: [KeyringChange],
        at now: Timestamp,
        evidence: LogEvidence?
    ) async throws(KeyHolderError) -> KeyringProposal {
        throw .unavailable(Self.reason)
    }

    package func adopt(_ document: [UInt8], evidence: LogEvidence) async throws(KeyHolderError) {
        throw .unavailable(Self.reason)
    }

    package func failedCanaries() async throws(KeyHolderError) -> [CanaryFailure] {
        throw .unavailable(Self.reason)
    }

    package func check(_ document: [UInt8]) async throws(KeyHolderError) -> [CanaryFailure] {
        throw .unavailable(Self.reason)
    }
}
