package import AuditLog
import BitLocker
import Dispatch
package import EscrowCrypto
package import EscrowModel
import Synchronization

/// What the opener does for one connection: it holds the keys, follows the log, and does what the gate lets through.
package final class OpenerSession: Sendable {
    /// What it has of its surroundings.
    package struct Surroundings: Sendable {
        let caps: OpeningCaps.Limits
        let state: OpenerStateFile
        let masterKey: MasterKeyReference?
        let resolver: MasterKeyResolver
        let clock: @Sendable () -> Timestamp

        /// Puts them together.
        ///
        /// - Parameters:
        ///   - caps: how many secrets it opens within an hour.
        ///   - state: where it keeps how far it has seen the log.
        ///   - masterKey: where the master key is; nil to take the server's word for it.
        ///   - resolver: makes the master key's provider.
        ///   - clock: what time it is.
        package init(
            caps: OpeningCaps.Limits,
            state: OpenerStateFile,
            masterKey: MasterKeyReference? = nil,
            resolver: @escaping MasterKeyResolver,
            clock: @escaping @Sendable () -> Timestamp
        ) {
            self.caps = caps
            self.state = state
            self.masterKey = masterKey
            self.resolver = resolver
            self.clock = clock
        }
    }

    private struct Held {
        var isStarting = false
        var keys: LocalKeyHolder?
        var proposal: KeyringProposal?
    }

    private let surroundings: Surroundings
    private let gate: Mutex<OpenerGate>
    private let held = Mutex(Held())
    /// Whether nothing was seen of the log before, so that it may be trusted as it is.
    private let mayTrust = Mutex<VerifierKey?>(nil)

    /// Begins without keys and without a log.
    package init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        self.gate = Mutex(OpenerGate(caps: surroundings.caps))
    }

    /// Opens secrets, several at once where there are cores for it. Which of them may be is decided in their order.
    package func open(_ requests: [(sealed: SealedSecret, evidence: LogEvidence)]) -> [OpenerAnswer] {
        guard let keys = self.held.withLock({ $0.keys }) else {
            return requests.map { _ in Self.refused(.notStarted) }
        }
        let now = self.surroundings.clock()
        let refusals = self.gate.withLock { gate in
            requests.map { request -> OpenerRefusal? in
                do throws(OpenerRefusal) {
                    try gate.admit(opening: request.sealed.context, evidence: request.evidence, at: now)
                    return nil
                } catch {
                    return error
                }
            }
        }
        let answers = Mutex([OpenerAnswer?](repeating: nil, count: requests.count))
        let open: @Sendable (Int) -> Void = { index in
            let answer = refusals[index].map(Self.refused) ?? Self.open(requests[index].sealed, with: keys)
            answers.withLock { $0[index] = answer }
        }
        if requests.count == 1 {
            open(0)
        } else {
            DispatchQueue.concurrentPerform(iterations: requests.count, execute: open)
        }
        return answers.withLock { $0.compactMap(\.self) }
    }

    /// Takes up what was added to the log; what is to be told when it does not fit, nil while it does.
    package func extend(_ more: LogExtension) -> OpenerAnswer? {
        let result = self.gate.withLock { gate -> Result<OpenerState?, OpenerRefusal> in
            do throws(OpenerRefusal) {
                try gate.extend(more)
                guard more.note != nil, let follower = gate.follower else { return .success(nil) }
                return .success(OpenerState(edge: follower.edge, note: follower.note))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let state):
            if let state { self.surroundings.state.note(state) }
            return nil
        case .failure(let refusal): return Self.refused(refusal)
        }
    }

    /// Does everything else.
    package func answer(_ request: OpenerRequest) async -> OpenerAnswer {
        do throws(OpenerRefusal) {
            switch request {
            case .start(let document, let masterKey, let suite): return await self.start(document, masterKey, suite)
            case .follow(let key): return .position(try self.follow(key))
            case .trust(let edge, let note): return try self.trust(edge, note)
            case .extend(let more): return self.extend(more) ?? .done
            case .position: return .position(try self.position())
            case .open(let sealed, let evidence):
                return self.open([(sealed, evidence)]).first ?? Self.refused(.notStarted)
            case .prove, .rewrap, .propose, .adopt, .canaries, .check: break
            }
            return await self.change(request, with: try self.keys())
        } catch {
            return Self.refused(error)
        }
    }

    private func change(_ request: OpenerRequest, with keys: LocalKeyHolder) async -> OpenerAnswer {
        do throws(KeyHolderError) {
            switch request {
            case .prove(let sealed, let metadata): return .proof(try await keys.prove(sealed, by: metadata))
            case .rewrap(let batch): return .rewrapped(try await keys.rewrap(batch))
            case .propose(let changes, let now, let evidence):
                let proposal = try await self.propose(changes, at: now, evidence, with: keys)
                self.held.withLock { $0.proposal = proposal }
                return .proposal(proposal)
            case .adopt(let document, let evidence):
                try await self.adopt(document, evidence, with: keys)
                return .done
            case .canaries: return .canaries(try await keys.failedCanaries())
            case .check(let document): return .canaries(try await keys.check(document))
            case .start, .follow, .trust, .extend, .position, .open: return Self.refused(.notStarted)
            }
        } catch {
            return .failed(error)
        }
    }

    private func start(_ document: [UInt8]?, _ masterKey: MasterKeyReference, _ suite: SealSuite) async -> OpenerAnswer
    {
        let isFirst = self.held.withLock { held in
            defer { held.isStarting = true }
            return !held.isStarting
        }
        guard isFirst else { return .failed(.refused("it was started already")) }
        let notices = Mutex<[String]>([])
        do {
            let keys = try await LocalKeyHolder.start(
                document: document,
                masterKey: self.surroundings.masterKey ?? masterKey,
                resolver: self.surroundings.resolver,
                suite: suite,
                at: self.surroundings.clock(),
                notice: { notice in notices.withLock { $0.append(notice) } }
            )
            self.held.withLock { $0.keys = keys }
            return .started(keys.serverKeys, notices: notices.withLock { $0 })
        } catch {
            return .failed(.keyring("\(error)"))
        }
    }

    private func follow(_ text: String) throws(OpenerRefusal) -> UInt64? {
        let document = try self.keys().serverKeys.document
        guard let key = try? VerifierKey(text), key.publicKey == document.auditLogPublicKey else {
            throw .logLost("its key is not the keyring's")
        }
        guard let state = try self.surroundings.state.read() else {
            self.mayTrust.withLock { $0 = key }
            return nil
        }
        let follower = try LogFollower(key: key, edge: state.edge, note: state.note)
        self.gate.withLock { $0.follower = follower }
        return follower.edge.size
    }

    private func trust(_ edge: CompactRange, _ note: [UInt8]) throws(OpenerRefusal) -> OpenerAnswer {
        let key = self.mayTrust.withLock { key in
            defer { key = nil }
            return key
        }
        guard let key else { throw .logLost("it was seen before") }
        let follower = try LogFollower(key: key, edge: edge, note: note)
        self.gate.withLock { $0.follower = follower }
        self.surroundings.state.note(OpenerState(edge: edge, note: note))
        self.surroundings.state.flush()
        return .done
    }

    private func position() throws(OpenerRefusal) -> UInt64? {
        let follower = self.gate.withLock { $0.follower }
        if let loss = follower?.loss { throw loss }
        return follower?.edge.size
    }

    private func propose(
        _ changes: [KeyringChange],
        at now: Timestamp,
        _ evidence: LogEvidence?,
        with keys: LocalKeyHolder
    ) async throws(KeyHolderError) -> KeyringProposal {
        for case .changeMasterKey(let reference) in changes {
            guard let evidence else { throw Self.error(.otherChange) }
            try self.admit(reference.description, evidence)
        }
        return try await keys.propose(changes, at: now, evidence: evidence)
    }

    private func adopt(
        _ document: [UInt8],
        _ evidence: LogEvidence,
        with keys: LocalKeyHolder
    ) async throws(KeyHolderError) {
        guard let proposal = self.held.withLock({ $0.proposal }), proposal.document == document else {
            throw Self.error(.otherChange)
        }
        try self.admit(proposal.detail, evidence)
        try await keys.adopt(document, evidence: evidence)
    }

    private func admit(_ change: String, _ evidence: LogEvidence) throws(KeyHolderError) {
        let now = self.surroundings.clock()
        let refusal = self.gate.withLock { gate -> OpenerRefusal? in
            do throws(OpenerRefusal) {
                try gate.admit(change: change, evidence: evidence, at: now)
                return nil
            } catch {
                return error
            }
        }
        if let refusal { throw Self.error(refusal) }
    }

    private func keys() throws(OpenerRefusal) -> LocalKeyHolder {
        guard let keys = self.held.withLock({ $0.keys }) else { throw .notStarted }
        return keys
    }

    private static func open(_ sealed: SealedSecret, with keys: LocalKeyHolder) -> OpenerAnswer {
        do throws(KeyHolderError) {
            return .secret(HeldSecret(try keys.open(sealed)))
        } catch {
            return .failed(error)
        }
    }

    private static func refused(_ refusal: OpenerRefusal) -> OpenerAnswer { .failed(Self.error(refusal)) }

    private static func error(_ refusal: OpenerRefusal) -> KeyHolderError { .refused(refusal.description) }
}
