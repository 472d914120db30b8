import AuditLog
import EscrowCrypto
import EscrowModel
import EscrowOpener
import EscrowServer
import EscrowService
import EscrowStore
import FoundationEssentials
import Glibc
import Logging
import MasterKeyProviders
import LogWitness

/// What is in a data directory, opened: the composition root of the server, and of commands when no server runs.
///
/// One process at a time has it.
struct Installation: Sendable {
    /// The operations.
    let service: EscrowService
    /// The public half of the key that signs the audit log.
    let logKey: VerifierKey
    private let store: Store
    private let opener: OpenerClient?

    /// What time it is.
    static let clock: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    /// Opens what is in a data directory; begins a new installation where there is none.
    ///
    /// Throws what keeps it from opening, in words that say what is needed: a wrong or missing master key above all.
    ///
    /// - Parameters:
    ///   - configuration: where it is, and how it is to work.
    ///   - notice: told what people must know, such as that a master key was made.
    init(_ configuration: ServeConfiguration, notice: @escaping @Sendable (String) -> Void) async throws {
        guard mkdir(configuration.directory, 0o700) == 0 || errno == EEXIST else {
            throw Failure("cannot make the data directory \(configuration.directory): \(SmallFile.reason)")
        }
        let store = try Store.open(path: configuration.directory + "/sparekey.db", clock: Self.clock)
        do {
            let (holder, keys, opener) = try await Self.holder(in: store, configuration, notice)
            let signingKey = try await Self.logKey(of: keys, in: store, origin: configuration.auditOrigin)
            switch try await store.startLog(signingKey: signingKey, anchor: configuration.auditAnchor) {
            case .new:
                notice("began a new audit log; keep its verifier key for `audit verify`: \(signingKey.verifierKey)")
            case .continued: break
            case .continuedWithoutAnchor(let size):
                notice(
                    "warning: there was no checkpoint in \(configuration.auditAnchor) to check the audit log's \(size) "
                        + "entries against; if you did not move it away, find out who did"
                )
            }
            self.store = store
            self.opener = opener
            try await opener?.follow(FollowableLog(store, key: signingKey.verifierKey))
            self.logKey = signingKey.verifierKey
            self.service = EscrowService(
                store: store,
                keys: configuration.role == .ingest
                    ? try EscrowKeys(ingest: keys) : try EscrowKeys(keys, heldBy: holder),
                logKey: signingKey.verifierKey,
                witnesses: configuration.witnesses.map(\.key),
                settings: configuration.escrow,
                clock: Self.clock
            )
        } catch {
            await store.close()
            throw error
        }
    }

    /// Opens a data directory for one command, and closes it again.
    static func with<Value: Sendable>(
        directory: String,
        masterKey: MasterKeySource,
        _ body: (Installation) async throws -> Value
    ) async throws -> Value {
        var configuration = try ServeConfiguration.ofEnvironment(directory: directory)
        configuration.masterKey = masterKey
        // Who runs a command on a stopped server has the master key anyway.
        configuration.opener.place = .inProcess
        let installation = try await Installation(configuration) { Console.error("sparekey: \($0)") }
        do {
            try await installation.service.resumePolicy()
            let value = try await body(installation)
            await installation.close()
            return value
        } catch {
            await installation.close()
            throw error
        }
    }

    /// Answers requests in this process, as the operator that runs it.
    func responder() -> LocalResponder {
        LocalResponder(
            service: self.service,
            clock: Self.clock,
            logger: Logger(label: "sparekey") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Ends what waits and lets the files go.
    func close() async {
        await self.opener?.close()
        await self.store.close()
    }

    /// Has the keyring opened, or made, by whoever is to hold its keys.
    private static func holder(
        in store: Store,
        _ configuration: ServeConfiguration,
        _ notice: @escaping @Sendable (String) -> Void
    ) async throws -> (any KeyHolder, ServerKeys, OpenerClient?) {
        if configuration.role == .ingest {
            return (NoKeyHolder(), try await IngestFile.serverKeys(configuration.ingestFile, in: store), nil)
        }
        let stored = try await store.read { (reader) throws(StoreError) in try reader.keyringDocument()?.bytes }
        let holder: any KeyHolder
        let keys: ServerKeys
        var opener: OpenerClient?
        switch configuration.opener.place {
        case .process:
            let client = configuration.opener.client(
                directory: configuration.directory,
                masterKey: configuration.masterKey,
                notice: notice
            )
            keys = try await client.start(document: stored, suite: configuration.keyringSuite)
            (holder, opener) = (client, client)
        case .inProcess:
            let local = try await LocalKeyHolder.start(
                document: stored,
                masterKey: configuration.masterKey.reference,
                resolver: MasterKeySource.resolver(credentials: Environment["CREDENTIALS_DIRECTORY"]),
                suite: configuration.keyringSuite,
                at: Self.clock(),
                notice: notice
            )
            (holder, keys) = (local, local.serverKeys)
        }
        guard stored == nil else { return (holder, keys, opener) }
        let document = keys.document.json
        let isKept = try await store.bootstrap { (transaction) throws(StoreError) in
            try transaction.setKeyringDocument(document, replacing: nil)
        }
        guard isKept else { throw Failure("another process began this installation at the same moment; try again") }
        return (holder, keys, opener)
    }

    /// The key that signs the log. Its name is the log's origin: the one that was asked for, else the one that the log
    /// has, else one made of the keyring's ID.
    private static func logKey(of keys: ServerKeys, in store: Store, origin: String?) async throws -> SigningKey {
        let found = try await store.read { (reader) throws(StoreError) in try reader.logHead()?.origin }
        return try SigningKey(
            name: origin ?? found ?? "sparekey/\(keys.document.id)",
            seed: keys.auditLogSeed
        )
    }
}
