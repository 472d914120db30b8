import BitLocker
import EscrowAPI
import EscrowModel

/// What happened in some time, and what was left undone.
struct ReportDocument: Encodable, Sendable {
    /// An entry of the log, as somebody looks at it.
    struct Entry: Encodable, Sendable {
        let index: String
        let time: String
        let what: String
        let who: String
        let from: String
        let why: String
    }

    /// A key that was disclosed and still opens its volume.
    struct DisclosedKey: Encodable, Sendable {
        let device: GUID
        let deviceName: String
        let keyId: GUID
        let disclosedAt: Timestamp?
        /// How far its replacement has come; nil when none is asked for.
        let rotation: Rotation.State?
    }

    /// A rotation that its device has begun and does not end.
    struct StuckRotation: Encodable, Sendable {
        let id: GUID
        let device: GUID
        let deviceName: String
        let deliveredAt: Timestamp?
    }

    /// Disclosures, counted in three ways.
    struct Disclosures: Encodable, Sendable {
        var byCaller = Tally()
        var byReason = Tally()
        /// By the group that the device is in now.
        var byGroup = Tally()
    }

    /// At this time or later.
    let since: Timestamp
    /// Before this time.
    let until: Timestamp
    /// Emergency accesses.
    var breakGlass = Sample<Entry>()
    /// Emergency accesses that were refused.
    var breakGlassRefused = Sample<Entry>()
    /// What was refused, and to whom.
    var refusals = Tally()
    /// What failed.
    var failures = Tally()
    /// What was disclosed.
    var disclosures = Disclosures()
    /// Whoever came near a limit of disclosures.
    var limitAlarms = Sample<Entry>()
    /// Keys disclosed in this time that are still in use.
    var notReplaced = Sample<DisclosedKey>()
    /// Rotations that do not end.
    var rotationsStuck = Sample<StuckRotation>()
    /// Servers that do not get the log.
    var sinksBehind = Sample<AuditSinkDocument>()
}
