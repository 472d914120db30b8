import AuditLog
import BitLocker
import Crypto
import EscrowModel
import EscrowStore
import Foundation

/// Entries as the store writes them.
enum Entry {
    /// What stands in every field that an event can have.
    static func event(_ kind: AuditEvent.Kind, _ outcome: AuditEvent.Outcome = .success) throws -> AuditEvent {
        AuditEvent(
            kind,
            outcome,
            by: Self.caller(name: "max"),
            action: .revealKey,
            rule: "roleInScope",
            device: GUID(high: 0, low: 1),
            deviceName: "LAPTOP-1",
            volume: GUID(high: 0, low: 2),
            protector: GUID(high: 0, low: 3),
            rotation: GUID(high: 0, low: 4),
            token: GUID(high: 0, low: 5),
            reason: try DisclosureReason(code: .other, ticket: "INC-1", comment: "for the audit"),
            detail: "detail"
        )
    }

    static func caller(name: String, address: String = "192.0.2.7", scope: Scope = .everything) -> Caller {
        Caller(
            identity: .client(id: GUID(high: 0, low: 9), name: name),
            role: .helpdesk,
            scope: scope,
            source: Source(address: address, agent: "curl/8", requestID: "r-1")
        )
    }

    /// The events as entries of a log that has nothing else.
    static func stored(_ events: [AuditEvent]) async throws -> [AuditListing] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sparekey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "sparekey.db").path
        let store = try Store.open(path: path, clock: { Timestamp(milliseconds: 1_800_000_000_250) })
        try await store.startLog(
            signingKey: try SigningKey(
                name: "example.com/log",
                seed: SymmetricKey(data: Array(repeating: 7, count: 32))
            )
        )
        try await store.write { _ throws(StoreError) in Audited.routine((), events: events) }
        let entries = try await store.read { reader throws(StoreError) in
            try reader.auditEntries(AuditFilter(), in: 0..<Int64(events.count), limit: events.count)
        }
        await store.close()
        return entries
    }

    /// One event as the only entry of a log.
    static func stored(_ event: AuditEvent) async throws -> AuditListing { try await Self.stored([event])[0] }
}
