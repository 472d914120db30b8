import BitLocker
import EscrowModel
import EscrowStore
import Testing

/// That nothing slows down as the database grows is written in the engine's plans: no table may be walked from end
/// to end.
@Suite("Query plans")
struct PlanTests {
    @Test("every filter of the list of keys is served by its index, alone", arguments: Engine.available, filtersOfKeys)
    func keyListings(engine: Engine, filter: NamedFilter<KeyFilter>) async throws {
        // Both ways to walk a list: found by the filter's index and sorted, and in the list's own order.
        for sortedRows in [10_000, 0] {
            let plans = try await Self.plans(engine) { reader throws(StoreError) in
                reader.sortedRows = sortedRows
                _ = try reader.keyListings(filter.filter, PageRequest(after: 10))
            }
            try Self.expectNoScan(plans)
            let leads = sortedRows == 0 ? filter.leadInOrder : filter.lead
            #expect(plans.contains { leads.contains($0) }, "\(plans)")
        }
    }

    @Test("every filter of the log is served by its index, alone", arguments: Engine.available, filtersOfTheLog)
    func auditListings(engine: Engine, filter: NamedFilter<AuditFilter>) async throws {
        let plans = try await Self.plans(engine) { reader throws(StoreError) in
            _ = try reader.auditListings(filter.filter, PageRequest(after: 10))
            _ = try reader.auditEntries(filter.filter, in: 0..<10, limit: 10)
        }
        try Self.expectNoScan(plans)
        #expect(plans.contains { filter.lead.contains($0) }, "\(plans)")
        #expect(!plans.contains { $0.contains("TEMP B-TREE") }, "\(plans)")
    }

    @Test("every look-up and sweep is served by an index", arguments: Engine.available)
    func lookUps(engine: Engine) async throws {
        let plans = try await Self.plans(engine) { reader throws(StoreError) in
            guard let device = try reader.device(Sample.id(1)), let volume = try reader.volumes(of: device).first,
                let key = try reader.keys(of: volume).first
            else { throw .corrupt("the test's database") }
            _ = try reader.device(row: device.row)
            _ = try reader.volume(volume.id, of: device)
            _ = try reader.volume(row: volume.row)
            _ = try reader.metadata(of: volume)
            _ = try reader.volumesPastDeadline(Sample.start, limit: 10)
            _ = try reader.keys(of: device)
            _ = try reader.sealed(key)
            _ = try reader.fingerprint(key)
            _ = try reader.purgeableKeys(Sample.start, limit: 10)
            _ = try reader.openRotation(of: volume)
            _ = try reader.rotation(Sample.id(1))
            _ = try reader.rotations(of: device, limit: 10)
            _ = try reader.lastRotation(of: volume)
            _ = try reader.rotation(of: volume, requestedBy: "client:1", idempotencyKey: "k")
            _ = try reader.rotationsPastDeadline(Sample.start, limit: 10)
            _ = try reader.apiToken(Sample.id(1))
            _ = try reader.enrolmentToken(Sample.id(1))
            let compromise = Compromise(
                id: Sample.id(1),
                target: .group("sales"),
                perMinute: 1,
                startedBy: "client:1",
                startedAt: Sample.start
            )
            _ = try reader.compromise(Sample.id(1))
            _ = try reader.openCompromise(of: compromise.target)
            _ = try reader.openCompromises()
            _ = try reader.compromises(limit: 10)
            _ = try reader.progress(of: compromise)
            _ = try reader.compromisedVolumes(of: compromise, .waiting, limit: 10)
            _ = try reader.compromisedVolumes(awaiting: Sample.id(1))
            _ = try reader.devicesToPurge(Sample.start, limit: 10)
            _ = try reader.sealedBreakGlass()
            _ = try reader.breakGlass(Sample.id(1))
            _ = try reader.openBreakGlass(at: Sample.start)
            _ = try reader.breakGlassSetups(limit: 10)
            _ = try reader.policyState()
            _ = try reader.placement(of: device)
            _ = try reader.placedDevices(after: 10, limit: 10)
            for principal in [nil, "client:1"] {
                _ = try reader.disclosures(under: "a", by: principal, since: Sample.start, limit: 10)
                _ = try reader.disclosure(under: "a", by: principal, fromLast: 10)
            }
            _ = try reader.approval(Sample.id(1))
            _ = try reader.openApprovals(of: "client:1", for: key)
            _ = try reader.lastApproval(of: "client:1", for: key)
            _ = try reader.openApprovalCount(of: "client:1", limit: 10)
            _ = try reader.expiredApprovals(Sample.start, limit: 10)
            for state in [nil, Approval.State.requested] {
                var filter = ApprovalFilter()
                filter.state = state
                _ = try reader.approvals(filter, PageRequest(after: 10))
                filter.scope = .groups(["sales"])
                _ = try reader.approvals(filter, PageRequest(after: 10))
            }
            _ = try reader.keyringDocument()
            _ = try reader.sealEpoch()
            _ = try reader.keyringRewrap()
            _ = try reader.sealedCount(ofEpochs: 1..<3)
            _ = try reader.staleSeals(before: 9, after: (1, 10), limit: 10)
            _ = try reader.proofBacklog(after: 10, limit: 10)
            _ = try reader.isInProofBacklog(key)
            _ = try reader.logHead()
            _ = try reader.auditSink("siem")
            _ = try reader.logEntries(from: 10, limit: 10)
            _ = try reader.checkpoints(after: 10, limit: 10)
            _ = try reader.statusCounts(scope: .groups(["sales"]))
            for scope in [Scope.everything, .groups(["sales"]), .groups(["sales", "plant"])] {
                for sortedRows in [0, 10_000] {
                    reader.sortedRows = sortedRows
                    _ = try reader.deviceListings(scope: scope, PageRequest(after: 10))
                    _ = try reader.deviceListings(scope: scope, namePrefix: "pc", PageRequest(after: 10))
                }
            }
        }
        #expect(plans.count > 30)
        let stale = "SEARCH escrowed_key USING INDEX escrowed_key_seal_epoch (seal_epoch>? AND seal_epoch<?)"
        #expect(plans.contains(stale))
        #expect(plans.contains(stale.replacing("INDEX", with: "COVERING INDEX")))
        try Self.expectNoScan(plans)
    }

    @Test(
        "every combination of filters and orders of the list of devices is read in order from an index",
        arguments: Engine.available
    )
    func devices(engine: Engine) async throws {
        let plans = try await Self.plans(engine) { reader throws(StoreError) in
            let place = { (filter: DeviceFilter) in
                DevicePosition(key: filter.orderInForce == .name ? .name("m") : .day(7), row: 7)
            }
            for number in 0..<(1 << 9) {
                let has = { (bit: Int) in number & (1 << bit) != 0 }
                var filter = DeviceFilter(scope: has(0) ? .groups(["sales", "plant"]) : .everything)
                if has(1) { filter.text = "0000002A" }
                if has(2) { filter.status = .failed }
                if has(3) { filter.reason = .proofRefuted }
                if has(4) { filter.group = "sales" }
                filter.isUnproven = has(5)
                if has(6) { filter.notSeenSince = Sample.start }
                filter.isOnLegalHold = has(7)
                filter.isRetired = has(8)
                for order in DeviceFilter.Order.allCases {
                    filter.order = order
                    for edge in [nil, DevicePageRequest.Edge.after(place(filter)), .before(place(filter))] {
                        _ = try reader.devices(filter, DevicePageRequest(edge))
                    }
                    _ = try reader.count(filter, limit: 10)
                }
            }
            for scope in [Scope.everything, .groups(["sales"])] {
                _ = try reader.reasonCounts(scope: scope)
                _ = try reader.deviceGroups(scope: scope)
                _ = try reader.statusHistory(scope: scope, since: 7)
                for choice in RotationChoice.allCases {
                    _ = try reader.rotationListings(choice, scope: scope, stuckSince: Sample.start, limit: 10)
                }
            }
            _ = try reader.savedViews(of: "client:1")
        }
        for plan in plans {
            #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
            #expect(!plan.hasPrefix("SCAN") || plan == "SCAN fitting", "\(plan)")
            // None but the indexes that end in the list's order, and those of what is typed and seldom shared.
            if plan.hasPrefix("SEARCH device ") {
                let isKnown = ["_by_name", "_by_day", "device_owner", "device_serial", "(device_id=?)", "PRIMARY KEY"]
                #expect(isKnown.contains { plan.contains($0) }, "\(plan)")
            }
        }
    }

    @Test("every change finds its row by an index", arguments: Engine.available)
    func changes(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        let plans = try await store.changing { tx throws(StoreError) in
            try tx.plans { () throws(StoreError) in
                var (device, volume) = try tx.insertVolume(1)
                device.group = "other"
                device.facts.name = "other"
                device.status.state = .failed
                try tx.update(device)
                volume.report.label = "D:"
                volume.status.state = .failed
                try tx.update(volume)
                try tx.setMetadata([1], of: volume)
                var key = try tx.insert(Sample.key(volume, protector: Sample.id(5)))
                key.supersede(at: Sample.start, retention: .days(1))
                try tx.update(key)
                try tx.addToProofBacklog(key, metadata: [1])
                try tx.removeFromProofBacklog(key)
                for seal in try tx.staleSeals(before: 2, after: KeyringRewrap.start, limit: 1) {
                    _ = try tx.replace(seal, with: [1], epoch: 2)
                }
                try tx.set(KeyringRewrap(to: 2, at: Sample.start, total: 1))
                try tx.purge(key)
                try tx.setPlacement(Placement(enrolledInto: "token's", assigned: "other"), of: device)
                try tx.setPlacement(Placement(enrolledInto: "other"), of: device)
                try tx.countDisclosure(under: "a", by: "client:1", at: Sample.start)
                _ = try tx.tellOnce("a", by: "client:1", span: "hour", since: Sample.start, at: Sample.start)
                _ = try tx.forgetDisclosures(before: Sample.start, limit: 10)
                var rotation = Sample.rotation(1, of: volume)
                try tx.insert(rotation)
                _ = rotation.apply(.delivered, at: Sample.start, patience: .days(1))
                try tx.update(rotation)
            }
        }
        #expect(plans.count > 10)
        try Self.expectNoScan(plans)
    }

    private static func plans(
        _ engine: Engine,
        _ work: @escaping @Sendable (Reader) throws(StoreError) -> Void
    ) async throws -> [String] {
        let store = try await Fixture(engine).start()
        try await store.changing { tx throws(StoreError) in
            let (_, volume) = try tx.insertVolume(1)
            _ = try tx.insert(Sample.key(volume, protector: Sample.id(5)))
        }
        return try await store.read { reader throws(StoreError) in
            try reader.plans { () throws(StoreError) in try work(reader) }
        }
    }

    private static func expectNoScan(_ plans: [String]) throws {
        for plan in plans where plan.hasPrefix("SCAN") {
            // What a subquery found is walked, and is not a table.
            #expect(["SCAN named", "SCAN fitting"].contains(plan), "\(plans)")
        }
    }
}

/// A filter with one condition, and the words of the engine's plan that show what leads.
struct NamedFilter<Filter: Sendable>: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let filter: Filter
    let lead: [String]
    let leadInOrder: [String]
}

private func keys(
    _ name: String,
    _ lead: String,
    inOrder: String? = nil,
    _ change: (inout KeyFilter) -> Void
) -> NamedFilter<KeyFilter> {
    var filter = KeyFilter(scope: .everything)
    change(&filter)
    return NamedFilter(testDescription: name, filter: filter, lead: [lead], leadInOrder: [inOrder ?? lead])
}

private let inOrder = "SEARCH volume USING INTEGER PRIMARY KEY (rowid>?)"
private let byPrefix = "SEARCH escrowed_key USING INDEX escrowed_key_key_id_prefix (key_id_prefix=?)"

private let filtersOfKeys = [
    keys("none", inOrder) { _ in },
    keys("key ID prefix", byPrefix.replacing("INDEX", with: "COVERING INDEX")) { $0.keyID = .prefix(7) },
    keys("more of a key ID", byPrefix) { $0.keyID = .beginning(Sample.id(5)...Sample.id(9)) },
    keys("key ID", byPrefix) { $0.keyID = .full(Sample.id(5)) },
    keys("device", "SEARCH device USING INDEX sqlite_autoindex_device_1 (device_id=?)") { $0.device = Sample.id(1) },
    keys("status", "SEARCH volume USING INDEX volume_status (status=? AND rowid>?)") { $0.status = .failed },
    keys("most frequent status", "SEARCH volume USING INDEX volume_status (status=? AND rowid>?)") {
        $0.status = .escrowed
    },
    keys("reason", "SEARCH volume USING INDEX volume_status_reason (status_reason=? AND rowid>?)") {
        $0.reason = .deadlinePassed
    },
    keys("device name", "SEARCH device USING INDEX device_name (name_lower>? AND name_lower<?)", inOrder: inOrder) {
        $0.deviceName = "pc"
    },
    keys("serial", "SEARCH device USING INDEX device_serial (serial=?)") { $0.serial = "S1" },
    keys("owner", "SEARCH device USING INDEX device_owner (owner_lower=?)") { $0.owner = "Ada" },
    keys("group", "SEARCH volume USING INDEX volume_device_group (device_group=? AND rowid>?)") { $0.group = "sales" },
    keys("scope of one", "SEARCH volume USING INDEX volume_device_group (device_group=? AND rowid>?)") {
        $0.scope = .groups(["sales"])
    },
    keys("scope of two", "SEARCH volume USING INDEX volume_device_group (device_group=? AND rowid>?)") {
        $0.scope = .groups(["sales", "plant"])
    },
    keys("volume kind", "SEARCH volume USING INDEX volume_kind (kind=? AND rowid>?)") { $0.volumeKind = .fixedData },
    keys("proof", "SEARCH volume USING INDEX volume_current_proof (current_proof=? AND rowid>?)") {
        $0.proof = .refuted
    },
    keys(
        "deposited before",
        "SEARCH volume USING INDEX volume_current_deposited_at (current_deposited_at>? AND current_deposited_at<?)",
        inOrder: inOrder
    ) { $0.depositedBefore = Sample.start + .seconds(1) },
    keys(
        "deposited since",
        "SEARCH volume USING INDEX volume_current_deposited_at (current_deposited_at>? AND current_deposited_at<?)",
        inOrder: inOrder
    ) { $0.depositedSince = Sample.start },
]

private func entries(
    _ name: String,
    _ index: String?,
    _ change: (inout AuditFilter) -> Void
) -> NamedFilter<AuditFilter> {
    var filter = AuditFilter()
    change(&filter)
    let lead =
        index.map { "SEARCH audit_entry USING INDEX audit_entry_\($0) (\($0)=? AND rowid>? AND rowid<?)" }
        ?? "SEARCH audit_entry USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
    return NamedFilter(testDescription: name, filter: filter, lead: [lead], leadInOrder: [lead])
}

private let filtersOfTheLog = [
    entries("none", nil) { _ in },
    entries("principal", "principal") { $0.principal = "system:test" },
    entries("name", "name") { $0.name = "help desk" },
    entries("device as name", "principal") { $0.name = Sample.id(1).description },
    entries("device", "device") { $0.device = Sample.id(1) },
    entries("kind", "kind") { $0.kind = .keyDisclosed },
    entries("source", "source") { $0.source = "192.0.2.1" },
    entries("outcome", "outcome") { $0.outcome = .denied },
    entries("most frequent outcome", nil) { $0.outcome = .success },
    entries("since", nil) { $0.since = Sample.start },
    entries("before", nil) { $0.before = Sample.start },
    entries("scope of one", "device_group") { $0.scope = .groups(["sales"]) },
    entries("scope of two", "device_group") { $0.scope = .groups(["sales", "plant"]) },
]
