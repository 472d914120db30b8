package import AuditLog
import BitLocker
package import EscrowCrypto
package import EscrowModel
import EscrowPolicy

/// What an entry of the log allows, judged by the entry alone: the opener believes nothing else that it is told.
package struct Grant: Sendable, Equatable {
    /// How long ago an entry may be that something is done for; the same again for clocks that differ.
    package static let patience = TimeSpan.minutes(5)

    /// Who is disclosed to.
    package let principal: String

    /// Takes an entry for the disclosure of one secret, or says why it is none.
    package init(
        toOpen context: SealContext,
        by entry: LogEntry,
        at now: Timestamp
    ) throws(OpenerRefusal) {
        let record = try Self.record(of: entry, at: now)
        let kind = AuditEvent.Kind.keyDisclosed.rawValue
        guard entry.leaf.kind == kind, record.text("kind") == kind else {
            throw .otherKind(found: entry.leaf.kind, needed: kind)
        }
        guard record.text("device") == context.device.description else { throw .aboutAnother("device") }
        guard record.text("volume") == context.volume.description else { throw .aboutAnother("volume") }
        guard record.text("protector") == context.protector.description else { throw .aboutAnother("key protector") }
        guard let secret = context.secretKind, record.text("detail") == secret.rawValue else {
            throw .aboutAnother("kind of secret")
        }
        guard case .object(let caller)? = record["caller"], let principal = caller.text("principal"),
            let role = caller.text("role").flatMap(Role.init(rawValue:)),
            record.text("action") == Action.revealKey.rawValue, Policy.actions(of: role).contains(.revealKey)
        else { throw .roleMayNot }
        self.principal = principal
    }

    /// Checks that an entry records a change of the keyring, in these words.
    package static func check(
        change detail: String,
        by entry: LogEntry,
        at now: Timestamp
    ) throws(OpenerRefusal) {
        let record = try Self.record(of: entry, at: now)
        guard entry.leaf.kind.hasPrefix("keyring."), record.text("kind") == entry.leaf.kind else {
            throw .otherKind(found: entry.leaf.kind, needed: "keyring.…")
        }
        guard record.text("detail") == detail else { throw .otherChange }
    }

    /// The record of an entry that says that something was done just now.
    private static func record(
        of entry: LogEntry,
        at now: Timestamp
    ) throws(OpenerRefusal) -> CanonicalJSON.Object {
        guard let content = entry.content, case .object(let record)? = try? CanonicalJSON(parsing: content.record)
        else {
            throw .malformedRecord
        }
        guard record.text("outcome") == AuditEvent.Outcome.success.rawValue else { throw .notSuccessful }
        let (age, overflow) = now.milliseconds.subtractingReportingOverflow(entry.leaf.time)
        guard !overflow, abs(age) <= Self.patience.milliseconds else { throw .notRecent(milliseconds: age) }
        return record
    }
}

extension CanonicalJSON.Object {
    fileprivate func text(_ key: CanonicalJSON.Key) -> String? {
        guard case .string(let text)? = self[key] else { return nil }
        return text
    }
}
