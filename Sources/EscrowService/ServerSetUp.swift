import AuditLog
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// How the server is set up and how it is, with no secret: what its administrators and auditors look up.
package struct ServerSetUp: Sendable {
    /// The audit log.
    package struct Log: Sendable {
        /// Its name.
        package let origin: String
        /// The key that verifies its checkpoints, as they are written.
        package let key: String
        /// How many entries it has.
        package let size: Int64
        /// The signed checkpoint of its head.
        package let checkpoint: String
    }

    /// The program's version.
    package let version: String
    /// What keeps the server from its work, one sentence each.
    package let problems: [String]
    /// What people should know though it does its work.
    package let notices: [String]
    /// Whether it only takes deposits.
    package let isIngest: Bool
    /// The settings that are in force.
    package let settings: EscrowSettings
    /// The keyring.
    package let keyring: KeyringStatus
    /// How each witness stands.
    package let witnesses: [WitnessStanding.State]
    /// What the log is delivered to, those that were taken away left out.
    package let sinks: [AuditSinkListing]
    /// The audit log.
    package let log: Log?
    /// How many bytes the database takes.
    package let databaseSize: Int64
}

extension EscrowService {
    /// How the server is set up, for those who see everything and may read it.
    package func setUp(by caller: Caller) async throws(EscrowError) -> ServerSetUp {
        let permit = try await self.require(.readSettings, by: caller, on: .installation)
        let found = try await self.snapshot { (reader) throws(StoreError) in
            let head = try reader.logHead()
            return (
                head: head, size: try reader.databaseSize(),
                sinks: try reader.auditSinks().filter { $0.removedAt == nil }
            )
        }
        return ServerSetUp(
            version: Product.version,
            problems: await self.readiness(),
            notices: await self.notices(),
            isIngest: self.keys.isIngest,
            settings: self.settings,
            keyring: try await self.keyringStatus(),
            witnesses: self.witnesses.states(at: permit.now),
            sinks: found.sinks.map {
                AuditSinkListing(sink: $0, logSize: found.head?.size ?? 0, problem: self.sinkReports[$0.name])
            },
            log: found.head.map { head in
                ServerSetUp.Log(
                    origin: head.origin,
                    key: self.logKey.description,
                    size: head.size,
                    checkpoint: String(decoding: head.note, as: UTF8.self)
                )
            },
            databaseSize: found.size
        )
    }
}
