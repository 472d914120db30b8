import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowService
import Foundation
import Testing

/// What is promised of whoever holds the keys, tried on the one that holds them in this process.
struct KeyHolderTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let evidence = LogEvidence(index: 0, leaf: [], record: [], salt: [])
    private let context = SealContext(
        device: GUID(high: 1, low: 2),
        volume: GUID(high: 3, low: 4),
        protector: GUID(high: 5, low: 6),
        kind: .recoveryPassword,
        keyVersion: 1
    )

    private static func masterKey(_ passphrase: String) -> PassphraseMasterKey {
        PassphraseMasterKey(SecretBytes(copying: Array(passphrase.utf8).span), cost: ScryptCost(logN: 10))
    }

    /// A holder whose references are passphrases themselves.
    private func holder() async throws -> LocalKeyHolder {
        try await LocalKeyHolder.start(
            document: nil,
            masterKey: MasterKeyReference(["passphrase": "correct horse battery"]),
            resolver: { reference, _, _ in Self.masterKey(reference.settings["passphrase"] ?? "") },
            at: self.now,
            notice: { _ in }
        )
    }

    private func seal(_ text: String, to sealer: Sealer) throws -> SealedSecret {
        SealedSecret(try sealer.seal(Array(text.utf8).span, context: self.context), context: self.context)
    }

    private func open(_ sealed: SealedSecret, with holder: LocalKeyHolder) throws -> String {
        let opened = try holder.open(sealed)
        return opened.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test("A proposed change counts from its adoption on, and its detail says what it is")
    func proposals() async throws {
        let holder = try await self.holder()
        let keys = try EscrowKeys(holder.serverKeys, heldBy: holder)
        let before = keys.sealer.recipients
        let proposal = try await holder.propose([.addVersion(.xWing), .activate(nil)], at: self.now)
        #expect(proposal.detail == "generation 3: version 2 added (X-Wing), version 2 activated")
        #expect(keys.sealer.recipients == before)
        #expect(holder.serverKeys.document.active.number == 1)

        try await keys.adopt(proposal, evidence: self.evidence)
        #expect(keys.document.active.number == 2)
        #expect(keys.sealer.recipients.map(\.suite) == [.xWing])
        #expect(try self.open(try self.seal("one", to: keys.sealer), with: holder) == "one")
    }

    @Test("Only the last proposal is adopted, and none twice")
    func staleProposals() async throws {
        let holder = try await self.holder()
        let keys = try EscrowKeys(holder.serverKeys, heldBy: holder)
        let first = try await holder.propose([.addVersion(.p256)], at: self.now)
        let second = try await holder.propose([.addVersion(.p256)], at: self.now)
        await #expect(throws: KeyHolderError.self) { try await keys.adopt(first, evidence: self.evidence) }
        #expect(keys.document.generation == 1)
        try await keys.adopt(second, evidence: self.evidence)
        #expect(keys.document.generation == 2)
        await #expect(throws: KeyHolderError.self) { try await keys.adopt(second, evidence: self.evidence) }
    }

    @Test("Changes that cannot all be made change nothing")
    func impossibleChange() async throws {
        let holder = try await self.holder()
        let error = await #expect(throws: KeyHolderError.self) {
            try await holder.propose([.addVersion(.p256), .destroy(1)], at: self.now)
        }
        #expect(error?.description == "Version 1 of the keyring is active and cannot become destroyed.")
        #expect(holder.serverKeys.document.versions.count == 1)
    }

    @Test("Records are sealed anew to the active version alone, each with its own answer")
    func rewrapping() async throws {
        let holder = try await self.holder()
        let keys = try EscrowKeys(holder.serverKeys, heldBy: holder)
        let old = try self.seal("old", to: keys.sealer)
        let proposal = try await holder.propose([.addVersion(.xWing), .activate(2)], at: self.now)
        try await keys.adopt(proposal, evidence: self.evidence)

        let moved = SealedSecret(
            old.bytes,
            context: SealContext(
                device: self.context.device,
                volume: self.context.volume,
                protector: GUID(high: 7, low: 8),
                kind: .recoveryPassword,
                keyVersion: 1
            )
        )
        let answers = try await holder.rewrap([old, moved, SealedSecret([1, 2, 3], context: self.context)])
        #expect(answers.count == 3)
        let rewrapped = try answers[0].get()
        #expect(try SealedRecord(parsing: rewrapped).recipients == keys.sealer.recipients.map(\.id))
        #expect(try self.open(SealedSecret(rewrapped, context: self.context), with: holder) == "old")
        #expect(answers[1] == .failure(.doesNotOpen))
        #expect(answers[2] == .failure(.malformed))
        await #expect(throws: KeyHolderError.self) {
            try await holder.rewrap(Array(repeating: old, count: KeyHolding.largestBatch + 1))
        }
    }

    @Test("A sealed secret is proven or refuted by its volume's metadata")
    func proving() async throws {
        let volume = try TestVolume()
        let protector = try #require(try volume.protectors().first)
        let holder = try await self.holder()
        let sealer = try holder.serverKeys.document.sealer()
        let context = SealContext(
            device: GUID(high: 1, low: 2),
            volume: volume.id,
            protector: protector,
            kind: .recoveryPassword,
            keyVersion: 1
        )
        func sealed(_ text: String) throws -> SealedSecret {
            SealedSecret(try sealer.seal(Array(text.utf8).span, context: context), context: context)
        }
        let right = try sealed(try volume.digits(of: protector))
        #expect(try await holder.prove(right, by: volume.upload()) == .proven)
        let wrong = try sealed("111683-110022-220033-330044-440055-550066-660077-007007")
        #expect(try await holder.prove(wrong, by: volume.upload()) == .refuted(.wrongSecret))
        #expect(try await holder.prove(right, by: [1, 2, 3]) == .notProvable(.noValidMetadata))
        let noSecret = try sealed("tweet")
        await #expect(throws: KeyHolderError.notASecret) { try await holder.prove(noSecret, by: volume.upload()) }
    }

    @Test("After the master key is changed, checking anew uses the new one and no longer opens the old document")
    func masterKeyChange() async throws {
        let holder = try await self.holder()
        let keys = try EscrowKeys(holder.serverKeys, heldBy: holder)
        let old = keys.document.json
        #expect(try await holder.check(old).isEmpty)
        let sealed = try self.seal("kept", to: keys.sealer)
        let reference = MasterKeyReference(["passphrase": "another horse battery"])
        let proposal = try await holder.propose([.changeMasterKey(reference)], at: self.now)
        #expect(try await holder.check(old).isEmpty)
        try await keys.adopt(proposal, evidence: self.evidence)
        #expect(try await holder.check(proposal.document).isEmpty)
        await #expect(throws: KeyHolderError.self) { try await holder.check(old) }
        #expect(try self.open(sealed, with: holder) == "kept")
    }
}
