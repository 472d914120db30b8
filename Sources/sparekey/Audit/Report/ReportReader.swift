import AuditLog
import BitLocker
import EscrowAPI
import EscrowModel

/// Makes a report of what the API's lists have, page by page: of the entries it keeps counts, and the first of a few.
struct ReportReader {
    private let connection: AdminConnection
    private var report: ReportDocument
    private var devices: [GUID: Disclosed] = [:]
    private var seen: Set<GUID> = []

    /// What is known of a device of which a key was disclosed.
    private struct Disclosed {
        let group: String
        /// Those of its keys that are in use.
        let keys: [GUID: ReportDocument.DisclosedKey]
    }

    /// So many devices and keys are remembered at a time.
    private static let remembered = 4096
    /// A rotation that its device has had for so long is stuck.
    private static let patience = TimeSpan.hours(24)

    private init(_ connection: AdminConnection, since: Timestamp, until: Timestamp) {
        self.connection = connection
        self.report = ReportDocument(since: since, until: until)
    }

    /// The report of some time, for somebody who may read the whole log.
    static func report(
        _ connection: AdminConnection,
        since: Timestamp,
        until: Timestamp
    ) async throws -> ReportDocument {
        var reader = ReportReader(connection, since: since, until: until)
        // First, since it is refused to whoever sees a part of the log only: a report would tell them that all is well.
        try await reader.readSinks()
        var opened = reader.pages("kind", AuditEvent.Kind.breakGlassOpened.rawValue)
        while let page = try await opened.next() { page.forEach { reader.report.breakGlass.add(.init($0)) } }
        var refused = reader.pages("kind", AuditEvent.Kind.breakGlassRefused.rawValue)
        while let page = try await refused.next() { page.forEach { reader.report.breakGlassRefused.add(.init($0)) } }
        var denied = reader.pages("outcome", AuditEvent.Outcome.denied.rawValue)
        while let page = try await denied.next() { page.forEach { reader.report.refusals.add(Self.whatAndWho($0)) } }
        var failed = reader.pages("outcome", AuditEvent.Outcome.failure.rawValue)
        while let page = try await failed.next() { page.forEach { reader.report.failures.add(Self.whatAndWho($0)) } }
        var near = reader.pages("kind", AuditEvent.Kind.disclosureLimitNear.rawValue)
        while let page = try await near.next() { page.forEach { reader.report.limitAlarms.add(.init($0)) } }
        var disclosed = reader.pages("kind", AuditEvent.Kind.keyDisclosed.rawValue)
        while let page = try await disclosed.next() { for entry in page { try await reader.take(disclosure: entry) } }
        try await reader.readRotations()
        return reader.report
    }

    private func pages(_ condition: String, _ value: String) -> EntryPages {
        var query = Query()
        query.add(condition, value)
        query.add("since", self.report.since.description)
        query.add("before", self.report.until.description)
        return EntryPages(self.connection, query)
    }

    /// Such as `revealKey (role-lacks-action) by kim`.
    private static func whatAndWho(_ entry: CanonicalJSON) -> String {
        guard let record = entry["record"], case .object = record else { return "an erased record" }
        let kind = record["kind"]?.shown ?? ""
        let action = record["action"]?.shown
        let what = kind == AuditEvent.Kind.accessDenied.rawValue ? action ?? kind : kind
        let why = (record["rule"]?.shown ?? record["detail"]?.shown).map { " (\($0))" } ?? ""
        return "\(what)\(why) by \(ReportDocument.Entry.who(record))"
    }

    // MARK: Disclosures

    private mutating func take(disclosure entry: CanonicalJSON) async throws {
        guard let record = entry["record"], record["outcome"]?.shown == AuditEvent.Outcome.success.rawValue else {
            return
        }
        self.report.disclosures.byCaller.add(ReportDocument.Entry.who(record))
        self.report.disclosures.byReason.add(record["reason"]?["code"]?.shown ?? "none")
        guard let id = record["device"]?.shown.flatMap({ GUID($0) }) else { return }
        let device = try await self.device(id)
        self.report.disclosures.byGroup.add(device.group)
        guard let key = record["protector"]?.shown.flatMap({ GUID($0) }), let isLeft = device.keys[key] else { return }
        // What was disclosed twice is one key that is left; after very many others it is counted again.
        if self.seen.count >= Self.remembered { self.seen.removeAll() }
        if self.seen.insert(key).inserted { self.report.notReplaced.add(isLeft) }
    }

    private mutating func device(_ id: GUID) async throws -> Disclosed {
        if let known = self.devices[id] { return known }
        let document: DeviceKeysDocument = try await self.connection.get("\(APIPath.keys)/\(id)")
        var keys: [GUID: ReportDocument.DisclosedKey] = [:]
        for volume in document.volumes {
            for key in volume.keys where key.state == .active {
                keys[key.keyId] = ReportDocument.DisclosedKey(
                    device: id,
                    deviceName: document.device.name,
                    keyId: key.keyId,
                    disclosedAt: key.disclosedAt,
                    rotation: volume.rotation?.state
                )
            }
        }
        let device = Disclosed(group: document.device.group, keys: keys)
        if self.devices.count >= Self.remembered { self.devices.removeAll() }
        self.devices[id] = device
        return device
    }

    // MARK: What is left undone

    private mutating func readSinks() async throws {
        let sinks: PageDocument<AuditSinkDocument> = try await self.connection.get("\(APIPath.keys)/audit/sinks")
        for sink in sinks.items where sink.problem != nil && sink.removedAt == nil { self.report.sinksBehind.add(sink) }
    }

    private mutating func readRotations() async throws {
        var cursor: String?
        repeat {
            var query = Query()
            query.add("reason", EscrowStatus.Reason.rotationUnderWay.rawValue)
            query.add("limit", "500")
            query.add("cursor", cursor)
            let page: PageDocument<KeyListItem> = try await self.connection.get(query.target(APIPath.keys))
            for item in page.items {
                guard let rotation = item.rotation, self.isStuck(rotation) else { continue }
                self.report.rotationsStuck.add(
                    ReportDocument.StuckRotation(
                        id: rotation.id,
                        device: item.device.id,
                        deviceName: item.device.name,
                        deliveredAt: rotation.deliveredAt
                    )
                )
            }
            cursor = page.next
        } while cursor != nil
    }

    private func isStuck(_ rotation: RotationDocument) -> Bool {
        if let deadline = rotation.deadline, deadline < self.report.until { return true }
        guard let deliveredAt = rotation.deliveredAt else { return false }
        return deliveredAt + Self.patience < self.report.until
    }
}

/// The pages of a list of entries, which are kept one at a time.
private struct EntryPages {
    private let connection: AdminConnection
    private let query: Query
    private var cursor: String?
    private var isAtEnd = false

    init(_ connection: AdminConnection, _ query: Query) {
        self.connection = connection
        self.query = query
    }

    /// The next page; nil after the last one.
    mutating func next() async throws -> [CanonicalJSON]? {
        guard !self.isAtEnd else { return nil }
        var query = self.query
        query.add("limit", "500")
        query.add("cursor", self.cursor)
        let bytes = try await self.connection.bytes(query.target("\(APIPath.keys)/audit"))
        guard let document = try? CanonicalJSON(parsing: bytes), case .array(let items) = document["items"] else {
            throw Failure("the server's answer cannot be read; is it a Sparekey server of version \(Version.text)?")
        }
        self.cursor = document["next"]?.shown
        self.isAtEnd = self.cursor == nil
        return items
    }
}
