import EscrowCrypto
package import EscrowModel
import EscrowPolicy
package import EscrowStore

extension EscrowService {
    /// Seals the next secrets anew to whom new ones are sealed, and tells how far that has come: a part of the work, to be
    /// asked for until it is finished. It goes on where it was interrupted, however that was.
    ///
    /// Payloads are not touched and no secret is decrypted. Between batches it rests as long as it worked, so that
    /// disclosures wait for at most one batch.
    ///
    /// - Parameters:
    ///   - limit: how many secrets to look at.
    ///   - batch: how many to write in one transaction.
    package func rewrapKeyring(
        limit: Int = 500,
        batch: Int = 50,
        by caller: Caller
    ) async throws(EscrowError) -> KeyringRewrap {
        let permit = try await self.permitOfTheKeyring(caller)
        let epoch = self.keys.document.sealEpoch
        var rewrap = try await self.beginRewrap(to: epoch, permit)
        guard rewrap.finishedAt == nil else { return rewrap }
        let position = rewrap.position
        let seals = try await self.snapshot { (reader) throws(StoreError) in
            try reader.staleSeals(before: epoch, after: position, limit: limit)
        }
        for start in stride(from: 0, to: seals.count, by: batch) {
            let began = ContinuousClock.now
            let part = Array(seals[start..<min(start + batch, seals.count)])
            guard let next = try await self.rewrap(part, from: rewrap, permit) else { break }
            rewrap = next
            // Cancelled or not, what was done is stored.
            try? await Task.sleep(for: ContinuousClock.now - began)
        }
        return seals.count < limit ? try await self.endRewrap(rewrap, permit) : rewrap
    }

    /// Takes up what was begun, or begins. Nothing to do is a rewrap that is finished and not stored.
    private func beginRewrap(to epoch: Int, _ permit: Permit) async throws(EscrowError) -> KeyringRewrap {
        let (last, stale) = try await self.snapshot { (reader) throws(StoreError) in
            let last = try reader.keyringRewrap()
            let isUnderWay = last?.finishedAt == nil && last?.epoch == epoch
            return (last, isUnderWay ? 0 : try reader.sealedCount(ofEpochs: 1..<epoch))
        }
        if let last, last.finishedAt == nil, last.epoch == epoch { return last }
        var begun = KeyringRewrap(to: epoch, at: permit.now, total: stale)
        guard stale > 0 else {
            begun.finishedAt = permit.now
            return begun
        }
        return try await self.operation { [begun] (transaction) throws(StoreError) -> Outcome<KeyringRewrap> in
            guard try transaction.keyringRewrap() == last else { return .refused(.unavailable(retryAfterSeconds: 1)) }
            try transaction.set(begun)
            let detail = "epoch \(epoch): \(begun.total) secrets"
            return .done(begun, [permit.event(.keyringRewrapStarted, detail: detail)])
        }
    }

    /// Seals one batch anew; nil, and nothing is changed, when the keyring or the work has moved on meanwhile.
    private func rewrap(
        _ seals: [StaleSeal],
        from rewrap: KeyringRewrap,
        _ permit: Permit
    ) async throws(EscrowError) -> KeyringRewrap? {
        let results: [Result<[UInt8], SealError>]
        do throws(KeyHolderError) {
            results = try await self.keys.holder.rewrap(seals.map { SealedSecret($0.sealed, context: SealContext($0)) })
        } catch {
            throw .unavailable(retryAfterSeconds: 5)
        }
        guard results.count == seals.count, let last = seals.last else { return nil }
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<KeyringRewrap?> in
            guard try transaction.keyringRewrap() == rewrap,
                try transaction.sealEpoch() ?? rewrap.epoch == rewrap.epoch
            else { return .done(nil, []) }
            var next = rewrap
            var events: [AuditEvent] = []
            for (seal, result) in zip(seals, results) {
                switch result {
                case .success(let sealed):
                    // One that was purged meanwhile needs nothing.
                    if try transaction.replace(seal, with: sealed, epoch: rewrap.epoch) { next.rewrapped += 1 }
                case .failure:
                    next.failed += 1
                    let event = permit.event(
                        .keyOpenFailed,
                        .failure,
                        device: try transaction.device(seal.device),
                        volume: seal.volume,
                        protector: seal.protector,
                        detail: "rewrap"
                    )
                    events.append(event)
                }
            }
            next.position = (last.epoch, last.row)
            try transaction.set(next)
            return .done(next, events)
        }
    }

    private func endRewrap(_ rewrap: KeyringRewrap, _ permit: Permit) async throws(EscrowError) -> KeyringRewrap {
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<KeyringRewrap> in
            guard try transaction.keyringRewrap() == rewrap,
                try transaction.staleSeals(before: rewrap.epoch, after: rewrap.position, limit: 1).isEmpty
            else { return .done(rewrap, []) }
            var ended = rewrap
            ended.finishedAt = now
            try transaction.set(ended)
            let detail = "epoch \(rewrap.epoch): \(rewrap.rewrapped) sealed anew, \(rewrap.failed) failed"
            let event = permit.event(
                .keyringRewrapCompleted,
                rewrap.failed == 0 ? .success : .failure,
                detail: detail
            )
            return .done(ended, [event])
        }
    }
}

extension SealContext {
    fileprivate init(_ seal: StaleSeal) {
        self.init(
            device: seal.device,
            volume: seal.volume,
            protector: seal.protector,
            kind: seal.kind,
            keyVersion: seal.version
        )
    }
}
