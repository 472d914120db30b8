import AuditLog
package import BitLocker
import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// A secret on its way to somebody, whose record is durably on the log.
package struct DisclosedSecret: ~Copyable, Sendable {
    /// Which key it is.
    package let key: EscrowedKey
    /// The rotation that will replace it, if one is under way.
    package let rotation: Rotation?
    /// The index of the disclosure's entry on the audit log.
    package let entry: UInt64
    /// The secret.
    package let secret: RecoverySecret
}

/// When a key was last disclosed, as somebody knows it who asks for it.
package enum LastDisclosure: Equatable, Sendable {
    case never
    case at(Timestamp)

    /// The last disclosure of a key.
    package init(of key: EscrowedKey) { self = key.disclosedAt.map { .at($0) } ?? .never }
}

extension EscrowService {
    /// Discloses a key. The secret is opened only once the record of its disclosure is durably under a signed checkpoint.
    ///
    /// - Parameters:
    ///   - key: the key protector ID; nil for the current key of the volume.
    ///   - volume: which volume; needed only when no key is named and several volumes of the device have keys.
    ///   - reason: why.
    ///   - last: when the key was last disclosed, as far as the caller knows. When it was disclosed since, as by the same form
    ///     that was sent twice, that is a conflict (`disclosedSince`). Nil: it does not matter.
    package func reveal(
        _ device: GUID,
        key: GUID?,
        volume: GUID?,
        reason: DisclosureReason,
        after last: LastDisclosure? = nil,
        by caller: Caller
    ) async throws(EscrowError) -> DisclosedSecret {
        guard !self.keys.isIngest else { throw .ingestOnly }
        // A disclosure that cannot be made is not to be on the log as one that was.
        if self.keys.holder.obstacle() != nil { throw .unavailable(retryAfterSeconds: 5) }
        let now = self.clock()
        let recorded = try await self.recorded { (transaction) throws(StoreError) -> Outcome<Grant> in
            guard let device = try transaction.device(device) else { return .refused(.notFound) }
            guard let permit = self.permit(.revealKey, by: caller, on: device, at: now) else {
                return self.refusal(of: .revealKey, by: caller, on: device)
            }
            guard self.witnesses.allowsDisclosure(at: now) else { return self.witnessesMissing(permit, device) }
            let chosen: EscrowedKey
            switch try self.choose(key, on: volume, of: device, in: transaction) {
            case .success(let key): chosen = key
            case .failure(let error): return .refused(error)
            }
            guard last == nil || last == LastDisclosure(of: chosen) else { return .refused(Self.disclosedSince) }
            guard let sealed = try transaction.sealed(chosen), let volume = try transaction.volume(row: chosen.volume)
            else { return .refused(.purged) }
            let clearance: Clearance
            switch try self.clear(chosen, of: device, for: reason, in: transaction, permit) {
            case .success(let cleared): clearance = cleared
            case .failure(let refusal): return .refused(refusal.error, refusal.events)
            }
            return try self.disclose(
                chosen,
                clearance,
                sealed: sealed,
                of: volume,
                on: device,
                reason: reason,
                in: transaction,
                permit
            )
        }
        let grant = recorded.value
        let secret = try await self.open(grant, recordedBy: recorded.entries)
        return DisclosedSecret(
            key: grant.key,
            rotation: grant.rotation,
            entry: Self.disclosure(among: recorded.entries).index,
            secret: secret
        )
    }

    /// What a committed disclosure allows to be opened.
    private struct Grant: Sendable {
        let device: Device
        let key: EscrowedKey
        let rotation: Rotation?
        let sealed: [UInt8]
        let permit: Permit

        var context: SealContext {
            SealContext(
                device: self.device.id,
                volume: self.key.volumeID,
                protector: self.key.protectorID,
                kind: self.key.kind,
                keyVersion: self.key.version
            )
        }
    }

    private func disclose(
        _ key: EscrowedKey,
        _ clearance: Clearance,
        sealed: [UInt8],
        of volume: Volume,
        on device: Device,
        reason: DisclosureReason,
        in transaction: Transaction,
        _ permit: Permit
    ) throws(StoreError) -> Outcome<Grant> {
        var key = key
        key.disclosedAt = permit.now
        try transaction.update(key)
        var transition = try self.transition(volume, of: device, in: transaction, permit)
        var event = transition.event(
            .keyDisclosed,
            protector: key.protectorID,
            reason: reason,
            detail: key.kind.rawValue
        )
        event.policy = clearance.policy.recordedDigest
        event.approval = clearance.isApprovalWaived ? .waived : clearance.approval.map { .of($0.id) }
        transition.events.append(event)
        transition.events += try self.take(clearance, on: device, in: transaction, permit)
        let isInUse = key.state == .active && volume.isPresent && volume.report.protection != .off
        if isInUse, device.state == .active,
            let delay = clearance.replacementDelay(self.settings.rotationDelayAfterDisclosure)
        {
            try self.requestRotation(
                .disclosed,
                of: [key.protectorID],
                on: &transition,
                notBefore: permit.now + delay,
                in: transaction
            )
        }
        try transition.settle(in: transaction)
        return .done(
            Grant(device: device, key: key, rotation: transition.rotation, sealed: sealed, permit: permit),
            transition.events
        )
    }

    func choose(
        _ key: GUID?,
        on volume: GUID?,
        of device: Device,
        in transaction: Transaction
    ) throws(StoreError) -> Result<EscrowedKey, EscrowError> {
        var keys = try transaction.keys(of: device)
        if let volume { keys.removeAll { $0.volumeID != volume } }
        if let key { keys.removeAll { $0.protectorID != key } }
        guard !keys.isEmpty else { return .failure(.notFound) }
        if key == nil, volume == nil, Set(keys.map(\.volume)).count > 1 {
            return .failure(
                .conflict(
                    code: "volumeNeeded",
                    problem: "Several volumes of this device have keys; name one by volumeId, or the key by keyId."
                )
            )
        }
        guard let current = keys.current else { return .failure(.purged) }
        return .success(current)
    }

    private static var disclosedSince: EscrowError {
        .conflict(code: "disclosedSince", problem: "The key was disclosed since the caller last looked.")
    }

    /// The entry of the disclosure among those that its transaction has put on the log.
    private static func disclosure(among entries: [LogEntry]) -> LogEntry {
        guard let entry = entries.first(where: { $0.leaf.kind == AuditEvent.Kind.keyDisclosed.rawValue }) else {
            preconditionFailure("a disclosure was committed without its entry")
        }
        return entry
    }

    /// Has the secret opened by whoever holds the keys; shows them the entry of this disclosure.
    private func open(_ grant: Grant, recordedBy entries: [LogEntry]) async throws(EscrowError) -> RecoverySecret {
        guard let evidence = LogEvidence(Self.disclosure(among: entries)) else {
            preconditionFailure("a disclosure was committed without its record")
        }
        do throws(KeyHolderError) {
            let sealed = SealedSecret(grant.sealed, context: grant.context)
            let opened = try await self.keys.holder.open(sealed, evidence: evidence)
            if let secret = opened.withUnsafeBytes({ RecoverySecret(grant.key.kind, bytes: $0) }) { return secret }
            throw .notASecret
        } catch {
            try await self.recordFailure(of: grant, error)
            switch error {
            case .seal, .keyring, .notASecret: throw .sealBroken
            case .refused: throw .denied
            case .tooMuch, .unavailable: throw .unavailable(retryAfterSeconds: 5)
            }
        }
    }

    private func recordFailure(of grant: Grant, _ error: KeyHolderError) async throws(EscrowError) {
        try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
            let event = grant.permit.event(
                .keyOpenFailed,
                .failure,
                device: grant.device,
                volume: grant.key.volumeID,
                protector: grant.key.protectorID,
                detail: error.description
            )
            return .done((), [event])
        }
    }
}
