import BitLocker
import EscrowModel

/// Which index finds the lines of a list of keys, and the statement that follows from it.
struct KeyListingPlan {
    /// What finds the lines. All else only passes over some of them.
    enum Lead: Equatable {
        /// A look-up that gives few lines, which are sorted.
        case keyID, device, serial, owner, deviceName, depositTime
        /// An index that gives its lines in the list's order.
        case reason, status, proof, kind, group
        /// The list's order itself.
        case row

        /// Whether another lead would be better if it gave few lines.
        var isWeak: Bool {
            switch self {
            case .keyID, .device, .serial, .owner, .deviceName, .depositTime: false
            case .reason, .status, .proof, .kind, .group, .row: true
            }
        }
    }

    var lead: Lead

    init(_ filter: KeyFilter) {
        self.lead =
            if filter.keyID != nil {
                .keyID
            } else if filter.device != nil {
                .device
            } else if filter.serial != nil {
                .serial
            } else if filter.owner != nil {
                .owner
            } else if filter.reason.map({ $0 != .none }) == true {
                .reason
            } else if filter.status.map({ $0 != .escrowed }) == true {
                .status
            } else if filter.proof.map({ $0 != .proven }) == true {
                .proof
            } else if filter.volumeKind.map({ $0 != .operatingSystem }) == true {
                .kind
            } else if GroupChoice(scope: filter.scope, group: filter.group) != .all {
                .group
            } else if filter.reason != nil {
                .reason
            } else if filter.status != nil {
                .status
            } else if filter.proof != nil {
                .proof
            } else if filter.volumeKind != nil {
                .kind
            } else {
                .row
            }
    }

    func statement(_ filter: KeyFilter, _ page: PageRequest, groups: GroupChoice) -> (SQL, [SQLValue]) {
        var query = ListQuery()
        let tables = self.requireLead(filter, groups: groups, in: &query)
        let after = query.parameter(.integer(page.after ?? 0))
        // Few lines are sorted; else the lines come in order, from this one on.
        query.require(self.lead.isWeak ? "volume.id > \(after)" : "volume.id + 0 > \(after)")
        if filter.keyID == nil { query.require("volume.is_present + 0 = 1 AND device.state || '' = 'active'") }
        self.requireRest(filter, groups: groups, in: &query)
        let limit = query.parameter(.integer(page.limit + 1))
        let sql = SQL(
            """
            SELECT \(VolumeColumns.list), \(DeviceColumns.list), \(KeyColumns.list), \(RotationColumns.list)
            FROM \(tables)
            LEFT JOIN escrowed_key ON escrowed_key.id = volume.current_key
            LEFT JOIN rotation ON rotation.volume = volume.id AND \(RotationColumns.isOpen)
            WHERE \(query.conditionText)
            ORDER BY \(self.lead.isWeak ? "volume.id" : "volume.id + 0") LIMIT \(limit)
            """
        )
        return (sql, query.values)
    }

    static func read(_ row: inout Row) throws(StoreError) -> KeyListing {
        let volume = try VolumeColumns.read(&row)
        let device = try DeviceColumns.read(&row)
        let key: EscrowedKey?
        if row.isNull {
            row.skip(KeyColumns.count)
            key = nil
        } else {
            key = try KeyColumns.read(&row, volumeID: volume.id)
        }
        let rotation = row.isNull ? nil : try RotationColumns.read(&row, volumeID: volume.id)
        return KeyListing(device: device, volume: volume, key: key, openRotation: rotation)
    }

    /// Writes the leading condition, and names the tables in the order in which they are walked.
    private func requireLead(_ filter: KeyFilter, groups: GroupChoice, in query: inout ListQuery) -> String {
        let byVolume = "volume CROSS JOIN device"
        let byDevice = "device CROSS JOIN volume"
        switch self.lead {
        case .keyID:
            query.require("volume.id = named.volume AND device.id = volume.device")
            return "(\(Self.named(filter, in: &query))) AS named CROSS JOIN volume CROSS JOIN device"
        case .device: query.lead("device.device_id", .guid(filter.device))
        case .serial: query.lead("device.serial", .text(filter.serial))
        case .owner: query.lead("device.owner_lower", .text(filter.owner?.lowercased()))
        case .deviceName: Self.requireName(filter, "device.name_lower", in: &query)
        case .depositTime: Self.requireDepositTime(filter, "volume.current_deposited_at", in: &query)
        case .reason: query.lead("volume.status_reason", .word(filter.reason))
        case .status: query.lead("volume.status", .word(filter.status))
        case .proof: query.lead("volume.current_proof", .word(filter.proof))
        case .kind: query.lead("volume.kind", .word(filter.volumeKind))
        case .group:
            guard case .only(let names) = groups, let name = names.first else {
                query.require("1 = 0")
                break
            }
            query.lead("volume.device_group", .text(name))
        case .row: break
        }
        switch self.lead {
        case .device, .serial, .owner, .deviceName:
            query.require("volume.device = device.id")
            return byDevice
        case .keyID, .depositTime, .reason, .status, .proof, .kind, .group, .row:
            query.require("device.id = volume.device")
            return byVolume
        }
    }

    /// The volumes that ever had a key of that ID.
    private static func named(_ filter: KeyFilter, in query: inout ListQuery) -> String {
        var text = "SELECT DISTINCT volume FROM escrowed_key WHERE key_id_prefix = "
        switch filter.keyID {
        case .prefix(let prefix)?: text += query.parameter(.integer(Int64(prefix)))
        case .beginning(let range)?:
            text += query.parameter(.integer(Int64(range.lowerBound.keyIDPrefix)))
            text += " AND protector_id >= " + query.parameter(.guid(range.lowerBound))
            text += " AND protector_id <= " + query.parameter(.guid(range.upperBound))
        case .full(let id)?:
            text += query.parameter(.integer(Int64(id.keyIDPrefix)))
            text += " AND protector_id = " + query.parameter(.guid(id))
        case nil: text += "-1"
        }
        return text
    }

    private func requireRest(_ filter: KeyFilter, groups: GroupChoice, in query: inout ListQuery) {
        if let device = filter.device, self.lead != .device {
            query.require("device.device_id = \(query.parameter(.guid(device)))")
        }
        if let serial = filter.serial, self.lead != .serial { query.residual("device.serial", .text(serial)) }
        if let owner = filter.owner, self.lead != .owner {
            query.residual("device.owner_lower", .text(owner.lowercased()))
        }
        if filter.deviceName != nil, self.lead != .deviceName {
            Self.requireName(filter, "device.name_lower || ''", in: &query)
        }
        if let reason = filter.reason, self.lead != .reason { query.residual("volume.status_reason", .word(reason)) }
        if let status = filter.status, self.lead != .status { query.residual("volume.status", .word(status)) }
        if let proof = filter.proof, self.lead != .proof { query.residual("volume.current_proof", .word(proof)) }
        if let kind = filter.volumeKind, self.lead != .kind { query.residual("volume.kind", .word(kind)) }
        if case .only(let names) = groups, self.lead != .group { query.residual("volume.device_group", in: names) }
        if self.lead != .depositTime, filter.depositedBefore != nil || filter.depositedSince != nil {
            Self.requireDepositTime(filter, "volume.current_deposited_at + 0", in: &query)
        }
    }

    private static func requireName(_ filter: KeyFilter, _ column: String, in query: inout ListQuery) {
        let range = PrefixRange(prefix: filter.deviceName ?? "")
        query.require("\(column) >= \(query.parameter(.text(range.from)))")
        query.require("\(column) < \(query.parameter(.text(range.to)))")
    }

    private static func requireDepositTime(_ filter: KeyFilter, _ column: String, in query: inout ListQuery) {
        query.require("\(column) >= \(query.parameter(.time(filter.depositedSince ?? .earliest)))")
        query.require("\(column) < \(query.parameter(.time(filter.depositedBefore ?? .never)))")
    }
}
