/// Decides whether a secret opens a volume, by all the valid copies of its metadata that there are.
struct Prover {
    /// Copies that are the same byte for byte are proven together: stretching is slow.
    private let variants: [(metadata: FVEMetadata, copies: [Int])]
    private let isStripped: Bool

    init(copies: [(index: Int, metadata: FVEMetadata)], isStripped: Bool) {
        var variants: [(metadata: FVEMetadata, copies: [Int])] = []
        for copy in copies {
            if let at = variants.firstIndex(where: { $0.metadata.isIdentical(to: copy.metadata) }) {
                variants[at].copies.append(copy.index)
            } else {
                variants.append((copy.metadata, [copy.index]))
            }
        }
        self.variants = variants
        self.isStripped = isStripped
    }

    func prove(recoveryPassword: borrowing RecoveryPassword, protector: GUID) -> Proof {
        let entries: [Datum]
        switch self.entries(of: protector, kind: .recoveryPassword) {
        case .success(let found): entries = found
        case .failure(let answer): return answer.proof
        }
        var tally = Tally()
        for (entry, variant) in zip(entries, self.variants) {
            tally.count(self.examine(entry.unlock(with: recoveryPassword), variant.metadata), copies: variant.copies)
        }
        return tally.proof
    }

    /// Tries the password on the recovery passwords' protectors one after the other; on so many at most.
    func search(recoveryPassword: borrowing RecoveryPassword, maximum: Int = 16) -> ProofSearch {
        var candidates: [GUID] = []
        for protector in self.variants.flatMap(\.metadata.protectors)
        where protector.kind == .recoveryPassword && !candidates.contains(protector.id) {
            candidates.append(protector.id)
        }
        var best = ProofSearch(protector: nil, proof: .refuted(.protectorNotOnVolume))
        guard !candidates.isEmpty else {
            // Says why there is none.
            best.proof = self.prove(recoveryPassword: recoveryPassword, protector: GUID(high: 0, low: 0))
            return best
        }
        for candidate in candidates.prefix(maximum) {
            let proof = self.prove(recoveryPassword: recoveryPassword, protector: candidate)
            if proof == .proven { return ProofSearch(protector: candidate, proof: proof) }
            // Anything says more than that the password is another protector's.
            if best.protector == nil || proof != .refuted(.wrongSecret) {
                best = ProofSearch(protector: candidate, proof: proof)
            }
        }
        return best
    }

    func prove(recoveryKey: borrowing RecoveryKey) -> Proof {
        if let volumeID = recoveryKey.volumeID, let first = self.variants.first, first.metadata.volumeID != volumeID {
            return .refuted(.otherVolume)
        }
        let entries: [Datum]
        switch self.entries(of: recoveryKey.protectorID, kind: .externalKey) {
        case .success(let found): entries = found
        case .failure(let answer): return answer.proof
        }
        var tally = Tally()
        for (entry, variant) in zip(entries, self.variants) {
            tally.count(self.examine(entry.unlock(with: recoveryKey), variant.metadata), copies: variant.copies)
        }
        return tally.proof
    }

    /// An answer that needs no key.
    private struct Answer: Error {
        let proof: Proof

        init(_ proof: Proof) {
            self.proof = proof
        }
    }

    /// The protector's entry in each variant, or the answer where there is nothing to try a secret on.
    private func entries(of protector: GUID, kind: KeyProtector.Kind) -> Result<[Datum], Answer> {
        guard !self.variants.isEmpty else { return .failure(Answer(.notProvable(.noValidMetadata))) }
        guard !self.variants.allSatisfy({ $0.metadata.conversionState == .decrypted }) else {
            return .failure(Answer(.notProvable(.notEncrypted)))
        }
        let found = self.variants.compactMap { $0.metadata.datum(ofProtector: protector) }
        guard !found.isEmpty else { return .failure(Answer(.refuted(.protectorNotOnVolume))) }
        guard found.count == self.variants.count else { return .failure(Answer(.notProvable(.copiesDiffer))) }
        for entry in found {
            guard let described = KeyProtector(entry) else {
                return .failure(Answer(.notProvable(.incompleteMetadata)))
            }
            guard described.kind == kind else { return .failure(Answer(.notProvable(.wrongKind(described.kind)))) }
        }
        return .success(found)
    }

    /// What one variant has to say.
    private enum Finding {
        case proven
        case refused
        case tampered
        case obstacle(Proof.Obstacle)
    }

    private func examine(_ unlocking: consuming MasterKey.Unlocking, _ metadata: FVEMetadata) -> Finding {
        switch unlocking {
        case .refused: return .refused
        case .obstacle(let obstacle): return .obstacle(obstacle)
        case .unlocked(let masterKey):
            let verdict = self.isStripped ? masterKey.opensVolumeKey(of: metadata) : masterKey.verify(metadata)
            switch verdict {
            case .intact: return self.isStripped ? .obstacle(.stripped) : .proven
            case .tampered: return .tampered
            case .incomplete: return .obstacle(.incompleteMetadata)
            }
        }
    }

    /// What all variants together have to say: proven only if each of them is.
    private struct Tally {
        private var proven = false
        private var refused: [Int] = []
        private var tampered: [Int] = []
        private var obstacle: Proof.Obstacle?

        mutating func count(_ finding: Finding, copies: [Int]) {
            switch finding {
            case .proven: self.proven = true
            case .refused: self.refused += copies
            case .tampered: self.tampered += copies
            case .obstacle(let obstacle): self.obstacle = obstacle
            }
        }

        var proof: Proof {
            // A secret that opens one copy and not another: somebody put another entry under the same ID.
            if !self.tampered.isEmpty || self.proven && !self.refused.isEmpty {
                return .refuted(.metadataTampered(copies: (self.tampered + self.refused).sorted()))
            }
            if !self.refused.isEmpty { return .refuted(.wrongSecret) }
            if let obstacle = self.obstacle { return .notProvable(obstacle) }
            return .proven
        }
    }
}
