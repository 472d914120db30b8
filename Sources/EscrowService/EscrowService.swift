package import AuditLog
package import EscrowModel
import EscrowPolicy
package import EscrowStore

/// The operations of the domain. The API, the portal and the command line are skins on these; policy is asked here.
///
/// An operation is one transaction that looks up, decides, changes and names its audit event. What it refuses, it returns
/// from the transaction rather than throws, so that the record of the refusal is committed too.
package struct EscrowService: Sendable {
    let store: Store
    let keys: EscrowKeys
    /// The public half of the key that signs the audit log.
    package let logKey: VerifierKey
    let settings: EscrowSettings
    let policy = Policy()
    let rules = PolicyInForce()
    let prover: Prover
    let health = KeyringHealth()
    let tokens = TokenCache()
    let breakGlassTries = BreakGlassTries()
    /// How the witnesses of the audit log stand.
    package let witnesses: WitnessStanding
    let sinkReports = AuditSinkReports()
    let people = SignInState()
    let clock: @Sendable () -> Timestamp

    /// Makes the service of its parts.
    ///
    /// - Parameters:
    ///   - store: open, with its log started.
    ///   - keys: what seals, opens and recognises secrets.
    ///   - logKey: the public half of the key that signs the audit log.
    ///   - witnesses: the keys of the audit log's witnesses.
    ///   - settings: how long things may take and how long they are kept.
    ///   - clock: what time it is.
    package init(
        store: Store,
        keys: EscrowKeys,
        logKey: VerifierKey,
        witnesses: [VerifierKey] = [],
        settings: EscrowSettings,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.keys = keys
        self.logKey = logKey
        self.witnesses = WitnessStanding(keys: witnesses, policy: settings.witnessPolicy)
        self.settings = settings
        self.prover = Prover(concurrency: settings.proofConcurrency, backlog: settings.proofBacklog)
        self.clock = clock
    }
}

/// What an operation's transaction comes to: a value with its events, or a refusal, with its record where it has one.
enum Outcome<Value: Sendable>: Sendable {
    case done(Value, [AuditEvent])
    case refused(EscrowError, [AuditEvent] = [])
}

extension EscrowService {
    /// Runs an operation in one durable transaction. It returns, or throws the refusal, after the commit.
    func operation<Value: Sendable>(
        _ body: @Sendable @escaping (Transaction) throws(StoreError) -> Outcome<Value>
    ) async throws(EscrowError) -> Value {
        try await self.recorded(body).value
    }

    /// The same, with the entries that it has put on the log.
    func recorded<Value: Sendable>(
        _ body: @Sendable @escaping (Transaction) throws(StoreError) -> Outcome<Value>
    ) async throws(EscrowError) -> Recorded<Value> {
        let result: Recorded<Result<Value, EscrowError>>
        do throws(StoreError) {
            result = try await self.store.writeRecorded {
                (transaction) throws(StoreError) -> Audited<Result<Value, EscrowError>> in
                switch try body(transaction) {
                case .done(let value, let events): .routine(.success(value), events: events)
                case .refused(let error, let events): .routine(.failure(error), events: events)
                }
            }
        } catch {
            throw EscrowError(error)
        }
        return Recorded(value: try result.value.get(), entries: result.entries)
    }

    /// Reads a consistent snapshot, changing nothing and recording nothing.
    func snapshot<Value: Sendable>(
        _ body: @Sendable @escaping (Reader) throws(StoreError) -> Value
    ) async throws(EscrowError) -> Value {
        do throws(StoreError) {
            return try await self.store.read(body)
        } catch {
            throw EscrowError(error)
        }
    }
}

extension EscrowError {
    /// What a failure of the store means to a caller: nothing was changed, and it may work later.
    init(_ error: StoreError) {
        self = .unavailable(retryAfterSeconds: 5)
    }
}
