package import BitLocker
import EscrowCrypto
package import EscrowModel
import EscrowStore

/// A secret that a device deposits.
package struct Deposit: ~Copyable, Sendable {
    /// The volume that it opens.
    package let volume: GUID
    /// The key protector that it belongs to.
    package let protector: GUID
    /// The secret.
    package let secret: RecoverySecret
    /// Sector 0 and one copy of the FVE metadata, in the upload form; without it nothing is proven.
    package let metadata: [UInt8]?

    /// Makes a deposit from its parts.
    package init(volume: GUID, protector: GUID, secret: consuming RecoverySecret, metadata: [UInt8]?) {
        self.volume = volume
        self.protector = protector
        self.secret = secret
        self.metadata = metadata
    }
}

/// What a deposit is answered with: the secret is durably here.
package struct DepositReceipt: Equatable, Sendable {
    /// The key.
    package let key: EscrowedKey
    /// False when the same secret was here already.
    package let isNew: Bool
    /// Where escrow of the volume stands now.
    package let status: EscrowStatus
    /// What the device is to do next on the volume.
    package let instructions: [Instruction]
}

extension EscrowService {
    /// Takes a secret into escrow: proves it, seals it, and keeps it. The same deposit again changes nothing.
    package func deposit(_ deposit: consuming Deposit, by caller: Caller) async throws(EscrowError) -> DepositReceipt {
        guard case .device(let device) = caller.identity else { throw .notAuthenticated }
        let upload = try Self.upload(of: deposit)
        let stripped = try upload.map { (upload) throws(EscrowError) in try Self.withoutGuessableProtectors(upload) }
        let context = Self.context(of: deposit, from: device, version: 0)
        let fingerprint = deposit.secret.withBytes {
            self.keys.fingerprinter.fingerprint(of: $0, context: context).bytes
        }
        let canWait = stripped?.isStripped == false
        let answer = try await self.proof(
            of: deposit,
            by: upload,
            canWait: canWait,
            fingerprint: fingerprint,
            device: device
        )
        let storable = stripped?.bytes
        // The version is part of what is sealed, and is only known for certain inside the writer. Nearly always it is the
        // protector's first secret: seal for that, and look, and look again, only when it was not.
        var version = 1
        for _ in 0..<5 {
            let sealing = self.keys.sealing
            let sealed = try Self.seal(
                deposit.secret,
                Self.context(of: deposit, from: device, version: version),
                with: sealing.sealer
            )
            let submission = Submission(
                volume: deposit.volume,
                protector: deposit.protector,
                kind: deposit.secret.kind,
                version: version,
                sealed: sealed,
                sealEpoch: sealing.epoch,
                fingerprint: fingerprint,
                answer: answer,
                upload: upload,
                storable: storable
            )
            switch try await self.keep(submission, by: caller) {
            case .kept(let receipt): return receipt
            case .otherVersion: version = try await self.nextVersion(device, deposit.volume, deposit.protector)
            case .otherEpoch: try await self.followKeyring()
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// What keeping a deposit came to.
    private enum Keeping: Sendable {
        case kept(DepositReceipt)
        /// The version that was sealed for is taken by now.
        case otherVersion
        /// Secrets are sealed to other keys by now; a version that was sealed to before may be destroyed at any time.
        case otherEpoch
    }

    /// Everything of a deposit that the transaction needs; the secret itself only sealed.
    private struct Submission: Sendable {
        let volume: GUID
        let protector: GUID
        let kind: SecretKind
        let version: Int
        let sealed: [UInt8]
        let sealEpoch: Int
        let fingerprint: [UInt8]
        let answer: ProofAnswer
        let upload: MetadataUpload?
        /// The metadata without protectors that could be found out by trying, which are not to be kept.
        let storable: [UInt8]?
    }

    private static func context(of deposit: borrowing Deposit, from device: GUID, version: Int) -> SealContext {
        SealContext(
            device: device,
            volume: deposit.volume,
            protector: deposit.protector,
            kind: deposit.secret.kind,
            keyVersion: version
        )
    }

    private static func upload(of deposit: borrowing Deposit) throws(EscrowError) -> MetadataUpload? {
        if let named = deposit.secret.namedProtector, named != deposit.protector {
            throw .invalid(field: "protectorId", problem: "is not the protector that the recovery key file names")
        }
        guard let bytes = deposit.metadata else { return nil }
        let upload: MetadataUpload
        do throws(MetadataUploadError) {
            upload = try MetadataUpload(parsing: bytes)
        } catch {
            throw .invalid(field: "metadata", problem: "\(error)")
        }
        guard upload.volumeID == deposit.volume else {
            throw .invalid(field: "metadata", problem: "is that of volume \(upload.volumeID), not of volumeId")
        }
        return upload
    }

    private static func withoutGuessableProtectors(_ upload: MetadataUpload) throws(EscrowError) -> MetadataUpload {
        do throws(MetadataUploadError) {
            return try upload.strippingGuessableProtectors()
        } catch {
            throw .invalid(field: "metadata", problem: "\(error)")
        }
    }

    private func proof(
        of deposit: borrowing Deposit,
        by upload: MetadataUpload?,
        canWait: Bool,
        fingerprint: [UInt8],
        device: GUID
    ) async throws(EscrowError) -> ProofAnswer {
        guard let upload else { return ProofAnswer(.unproven, "noMetadata") }
        guard !upload.isStripped else { return ProofAnswer(.unproven, "strippedMetadata") }
        let (volume, protector) = (deposit.volume, deposit.protector)
        let isProven = try await self.snapshot { (reader) throws(StoreError) -> Bool in
            guard let device = try reader.device(device), let volume = try reader.volume(volume, of: device) else {
                return false
            }
            let keys = try reader.keys(of: volume).filter { $0.protectorID == protector && $0.proof == .proven }
            return try Self.first(of: keys, withFingerprint: fingerprint, in: reader) != nil
        }
        // The same secret, proven before, needs no second tenth of a second.
        guard !isProven else { return ProofAnswer(.proven, nil) }
        // What only takes deposits leaves the work to a full server, but for metadata that may not be kept until then.
        if self.keys.isIngest, canWait { return ProofAnswer(.unproven, ProofAnswer.later) }
        let answer = await self.prover.prove(deposit.secret, protector: deposit.protector, by: upload)
        if answer == .busy, canWait { return ProofAnswer(.unproven, ProofAnswer.later) }
        return ProofAnswer(answer)
    }

    private func nextVersion(_ device: GUID, _ volume: GUID, _ protector: GUID) async throws(EscrowError) -> Int {
        try await self.snapshot { (reader) throws(StoreError) -> Int in
            guard let device = try reader.device(device), let volume = try reader.volume(volume, of: device) else {
                return 1
            }
            return Self.nextVersion(of: protector, among: try reader.keys(of: volume))
        }
    }

    private static func nextVersion(of protector: GUID, among keys: [EscrowedKey]) -> Int {
        (keys.filter { $0.protectorID == protector }.map(\.version).max() ?? 0) + 1
    }

    /// The key that holds a secret of this fingerprint, unless it was purged.
    private static func first(
        of keys: [EscrowedKey],
        withFingerprint fingerprint: [UInt8],
        in reader: Reader
    ) throws(StoreError) -> EscrowedKey? {
        for key in keys where key.state != .purged {
            if try reader.fingerprint(key) == fingerprint { return key }
        }
        return nil
    }

    private static func seal(
        _ secret: borrowing RecoverySecret,
        _ context: SealContext,
        with sealer: Sealer
    ) throws(EscrowError) -> [UInt8] {
        do throws(SealError) {
            return try secret.withBytes { (bytes) throws(SealError) in
                try sealer.seal(bytes, context: context)
            }
        } catch {
            throw .sealBroken
        }
    }

    private func keep(_ submission: Submission, by caller: Caller) async throws(EscrowError) -> Keeping {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<Keeping> in
            guard var device = try self.device(of: caller, in: transaction) else { return .refused(.notAuthenticated) }
            guard let permit = self.permit(.depositKey, by: caller, on: device, at: now) else {
                return self.refusal(of: .depositKey, by: caller, on: device)
            }
            guard let volume = try transaction.volume(submission.volume, of: device) else {
                return .refused(Self.unknownVolume)
            }
            var transition = try self.transition(volume, of: device, in: transaction, permit)
            let key: EscrowedKey
            let known = try Self.first(
                of: transition.keys.filter { $0.protectorID == submission.protector },
                withFingerprint: submission.fingerprint,
                in: transaction
            )
            let answer = submission.answer.fresh(for: volume, by: submission.upload)
            if let known {
                key = try self.renew(known, with: answer, on: &transition, at: now, in: transaction)
            } else {
                guard Self.nextVersion(of: submission.protector, among: transition.keys) == submission.version else {
                    return .done(.otherVersion, [])
                }
                guard try transaction.sealEpoch() ?? submission.sealEpoch == submission.sealEpoch else {
                    return .done(.otherEpoch, [])
                }
                guard transition.keys.count < Limits.keysPerVolume else {
                    return .refused(
                        .conflict(
                            code: "tooManyKeys",
                            problem:
                                "The volume has \(Limits.keysPerVolume) keys already; an administrator must look at it."
                        )
                    )
                }
                key = try self.add(submission, answer, to: &transition, at: now, in: transaction)
            }
            try self.follow(
                key,
                answer,
                by: submission.upload,
                storing: submission.storable,
                on: &transition,
                in: transaction
            )
            if key.proof == .unproven, answer.isPutOff, let storable = submission.storable {
                try transaction.addToProofBacklog(key, metadata: storable)
            }
            try transition.settle(in: transaction)
            try self.refreshStatus(of: &device, at: now, in: transaction)
            let receipt = DepositReceipt(
                key: key,
                isNew: known == nil,
                status: transition.volume.status,
                instructions: transition.instructions()
            )
            return .done(.kept(receipt), transition.events)
        }
    }

    private func add(
        _ submission: Submission,
        _ answer: ProofAnswer,
        to transition: inout VolumeTransition,
        at now: Timestamp,
        in transaction: Transaction
    ) throws(StoreError) -> EscrowedKey {
        let key = try transaction.insert(
            NewKey(
                volume: transition.volume,
                protectorID: submission.protector,
                kind: submission.kind,
                version: submission.version,
                proof: answer.state,
                proofReason: answer.reason,
                depositedAt: now,
                provenAt: answer.state == .proven ? now : nil,
                fingerprint: submission.fingerprint,
                sealed: submission.sealed,
                sealEpoch: submission.sealEpoch
            )
        )
        transition.keys.append(key)
        transition.events.append(
            transition.event(
                answer.state == .refuted ? .keyRefuted : .keyDeposited,
                answer.state == .refuted ? .failure : .success,
                protector: key.protectorID,
                detail: [answer.state.rawValue, answer.reason].compactMap(\.self).joined(separator: " ")
            )
        )
        return key
    }

    /// The same secret again: at most its proof can become better.
    private func renew(
        _ known: EscrowedKey,
        with answer: ProofAnswer,
        on transition: inout VolumeTransition,
        at now: Timestamp,
        in transaction: Transaction
    ) throws(StoreError) -> EscrowedKey {
        guard known.proof != .proven, let index = transition.keys.firstIndex(where: { $0.row == known.row }) else {
            return known
        }
        if answer.isPutOff, known.proof == .unproven, known.proofReason != answer.reason {
            transition.keys[index].proofReason = answer.reason
            try transaction.update(transition.keys[index])
            return transition.keys[index]
        }
        guard answer.state == .proven else { return known }
        transition.keys[index].proof = .proven
        transition.keys[index].proofReason = nil
        transition.keys[index].provenAt = now
        try transaction.update(transition.keys[index])
        transition.events.append(transition.event(.keyProven, protector: known.protectorID))
        return transition.keys[index]
    }

    /// What follows for the volume from a key that is here now.
    func follow(
        _ key: EscrowedKey,
        _ answer: ProofAnswer,
        by upload: MetadataUpload?,
        storing storable: [UInt8]?,
        on transition: inout VolumeTransition,
        in transaction: Transaction
    ) throws(StoreError) {
        if !transition.volume.report.protectors.contains(where: { $0.id == key.protectorID }) {
            let kind: ReportedProtector.Kind = key.kind == .recoveryPassword ? .recoveryPassword : .recoveryKey
            transition.volume.report.protectors.append(ReportedProtector(id: key.protectorID, kind: kind))
        }
        if transition.counts(key) { transition.volume.failure = nil }
        if answer.state == .proven, let upload, let storable {
            transition.volume.highestNonce = max(transition.volume.highestNonce, upload.nextNonce)
            try transaction.setMetadata(storable, of: transition.volume)
        }
        if answer.state == .refuted {
            let detail = answer.reason ?? "refuted"
            transition.volume.failure = VolumeFailure(reason: .proofRefuted, at: transition.now, detail: detail)
        }
        guard let rotation = transition.rotation, !rotation.replaces.contains(key.protectorID) else { return }
        if transition.counts(key) {
            try transition.advance(.escrowed(newProtector: key.protectorID), in: transaction)
        } else if answer.state == .refuted {
            try transition.advance(.failed(reason: "proofRefuted"), in: transaction)
        }
    }
}
