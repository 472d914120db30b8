package import BitLocker
package import EscrowModel

/// A device that enrols.
package struct NewDevice: Equatable, Sendable {
    /// The device ID.
    package var id: GUID
    /// What it says of itself.
    package var facts: DeviceFacts
    /// The group that its enrolment token puts it in.
    package var group: String
    /// Its public key, SubjectPublicKeyInfo in DER.
    package var credential: [UInt8]
    /// When.
    package var enrolledAt: Timestamp

    /// Makes a device from its parts.
    package init(id: GUID, facts: DeviceFacts, group: String, credential: [UInt8], enrolledAt: Timestamp) {
        self.id = id
        self.facts = facts
        self.group = group
        self.credential = credential
        self.enrolledAt = enrolledAt
    }
}

extension Reader {
    /// The device with an ID.
    package func device(_ id: GUID) throws(StoreError) -> Device? {
        try self.connection.first(DeviceColumns.byID, .guid(id), read: DeviceColumns.read)
    }

    /// The device with a row number.
    package func device(row: Int64) throws(StoreError) -> Device? {
        try self.connection.first(DeviceColumns.byRow, .integer(row), read: DeviceColumns.read)
    }
}

extension Reader {
    /// The devices that name somebody as their owner, in either case, in the order in which they enrolled.
    package func devices(ownedBy owner: String, limit: Int) throws(StoreError) -> [Device] {
        try self.connection.all(
            DeviceColumns.byOwner,
            .text(owner.lowercased()),
            .integer(limit),
            read: DeviceColumns.read
        )
    }

    /// Devices out of use whose keys' retention has ended and that are not on legal hold; the longest overdue first.
    package func devicesToPurge(_ now: Timestamp, limit: Int) throws(StoreError) -> [Device] {
        try self.connection.all(DeviceColumns.toPurge, .time(now), .integer(limit), read: DeviceColumns.read)
    }
}

extension Transaction {
    /// Enrols a device, which has reported no volume yet. Throws `.constraint(.deviceID)` when its ID is there.
    package func insert(_ device: NewDevice) throws(StoreError) -> Device {
        let status = EscrowStatus(.notAvailable, .noVolume, since: device.enrolledAt)
        let row = try self.connection.first(
            DeviceColumns.insert,
            .guid(device.id),
            .text(device.facts.name),
            .text(device.facts.name.lowercased()),
            .text(device.facts.serial),
            .text(device.facts.owner),
            .text(device.facts.owner?.lowercased()),
            .text(device.facts.operatingSystem),
            .text(device.group),
            .word(Device.State.active),
            .bytes(device.credential),
            .time(device.enrolledAt),
            .time(device.enrolledAt),
            .word(status.state),
            .word(status.reason),
            .time(status.since),
            .bool(false),
            .integer(device.enrolledAt.dayNumber)
        ) { row throws(StoreError) in try row.integer() }
        guard let row else { throw .corrupt("table device") }
        try self.count(1, group: device.group, status.state, status.reason)
        return Device(
            row: row,
            id: device.id,
            facts: device.facts,
            group: device.group,
            state: .active,
            credential: device.credential,
            enrolledAt: device.enrolledAt,
            lastSeenAt: device.enrolledAt,
            status: status,
            isOnLegalHold: false
        )
    }

    /// Stores a device as it is now; its ID and the time it enrolled stay as they were.
    package func update(_ device: Device) throws(StoreError) {
        let old = try self.connection.first(DeviceColumns.standing, .integer(device.row)) { row throws(StoreError) in
            (
                group: try row.text(), state: try row.word(Device.State.self),
                status: try row.word(EscrowStatus.State.self), reason: try row.word(EscrowStatus.Reason.self),
                isOnLegalHold: try row.bool(), seenDay: try row.integer()
            )
        }
        guard let old else { throw .constraint(.reference) }
        try self.connection.run(
            DeviceColumns.update,
            .integer(device.row),
            .bytes(device.credential),
            .time(device.lastSeenAt),
            .time(device.status.since)
        )
        if old.seenDay != device.lastSeenAt.dayNumber {
            try self.connection.run(
                DeviceColumns.updateDay,
                .integer(device.row),
                .integer(device.lastSeenAt.dayNumber)
            )
        }
        let isSame = (old.state, old.status, old.reason) == (device.state, device.status.state, device.status.reason)
        if !isSame || old.isOnLegalHold != device.isOnLegalHold {
            try self.connection.run(
                DeviceColumns.updateIndexed,
                .integer(device.row),
                .word(device.state),
                .word(device.status.state),
                .word(device.status.reason),
                .bool(device.isOnLegalHold)
            )
        }
        try self.connection.run(
            DeviceColumns.updateFacts,
            .integer(device.row),
            .text(device.facts.name),
            .text(device.facts.name.lowercased()),
            .text(device.facts.serial),
            .text(device.facts.owner),
            .text(device.facts.owner?.lowercased()),
            .text(device.facts.operatingSystem)
        )
        try self.connection.run(DeviceColumns.updateRetention, .integer(device.row), .time(device.keysPurgeAfter))
        if old.group != device.group {
            try self.connection.run(DeviceColumns.updateGroup, .integer(device.row), .text(device.group))
        }
        guard !isSame || old.group != device.group else { return }
        if old.state == .active { try self.count(-1, group: old.group, old.status, old.reason) }
        if device.state == .active {
            try self.count(1, group: device.group, device.status.state, device.status.reason)
        }
    }

    private func count(
        _ difference: Int64,
        group: String,
        _ status: EscrowStatus.State,
        _ reason: EscrowStatus.Reason
    ) throws(StoreError) {
        // Not an upsert: PostgreSQL and SQLite both check the row that would be inserted, and -1 is not allowed in
        // one.
        let changed = try self.connection.run(
            DeviceColumns.count,
            .text(group),
            .word(status),
            .integer(difference)
        )
        if changed == 0 {
            try self.connection.run(DeviceColumns.startCount, .text(group), .word(status), .integer(difference))
        }
        let alsoChanged = try self.connection.run(
            DeviceColumns.countReason,
            .text(group),
            .word(reason),
            .integer(difference)
        )
        if alsoChanged == 0 {
            try self.connection.run(DeviceColumns.startReasonCount, .text(group), .word(reason), .integer(difference))
        }
    }
}

/// The columns of a device, in the order in which they are read.
enum DeviceColumns {
    static let list = """
        device.id, device.device_id, device.name, device.serial, device.owner, device.operating_system, \
        device.device_group, device.state, device.credential, device.enrolled_at, device.last_seen_at, \
        device.status, device.status_reason, device.status_since, device.is_on_legal_hold, \
        device.keys_purge_after
        """

    static func read(_ row: inout Row) throws(StoreError) -> Device {
        Device(
            row: try row.integer(),
            id: try row.guid(),
            facts: DeviceFacts(
                name: try row.text(),
                serial: try row.optionalText(),
                owner: try row.optionalText(),
                operatingSystem: try row.optionalText()
            ),
            group: try row.text(),
            state: try row.word(),
            credential: try row.bytes(),
            enrolledAt: try row.time(),
            lastSeenAt: try row.time(),
            status: EscrowStatus(try row.word(), try row.word(), since: try row.time()),
            isOnLegalHold: try row.bool(),
            keysPurgeAfter: try row.optionalTime()
        )
    }

    static let byID = SQL("SELECT \(Self.list) FROM device WHERE device_id = $1")
    static let byRow = SQL("SELECT \(Self.list) FROM device WHERE id = $1")
    static let byOwner = SQL(
        "SELECT \(Self.list) FROM device WHERE owner_lower = $1 ORDER BY id LIMIT $2"
    )
    static let standing = SQL(
        """
        SELECT device_group, state, status, status_reason, is_on_legal_hold, seen_day FROM device WHERE id = $1
        """
    )

    static let insert = SQL(
        """
        INSERT INTO device (device_id, name, name_lower, serial, owner, owner_lower, operating_system, device_group,
            state, credential, enrolled_at, last_seen_at, status, status_reason, status_since, is_on_legal_hold,
            seen_day)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        RETURNING id
        """
    )

    // Indexed columns are written only when they change: naming one rewrites its index entry.
    static let update = SQL(
        "UPDATE device SET credential = $2, last_seen_at = $3, status_since = $4 WHERE id = $1"
    )
    static let updateDay = SQL("UPDATE device SET seen_day = $2 WHERE id = $1")
    static let updateIndexed = SQL(
        "UPDATE device SET state = $2, status = $3, status_reason = $4, is_on_legal_hold = $5 WHERE id = $1"
    )
    static let updateUnproven = SQL(
        """
        UPDATE device SET is_unproven = 1 - is_unproven WHERE id = $1 AND is_unproven <> EXISTS (
            SELECT 1 FROM volume WHERE volume.device = $1 AND is_present + 0 = 1
                AND (current_proof || '' = 'unproven' OR current_proof || '' = 'refuted')
        )
        """
    )
    static let updateFacts = SQL(
        """
        UPDATE device SET name = $2, name_lower = $3, serial = $4, owner = $5, owner_lower = $6, operating_system = $7
        WHERE id = $1 AND (name <> $2 OR serial IS DISTINCT FROM $4 OR owner IS DISTINCT FROM $5
            OR operating_system IS DISTINCT FROM $7)
        """
    )
    static let updateRetention = SQL(
        "UPDATE device SET keys_purge_after = $2 WHERE id = $1 AND keys_purge_after IS DISTINCT FROM $2"
    )
    static let toPurge = SQL(
        """
        SELECT \(Self.list) FROM device WHERE keys_purge_after <= $1 AND is_on_legal_hold = 0
        ORDER BY keys_purge_after LIMIT $2
        """
    )
    static let updateGroup = SQL("UPDATE device SET device_group = $2 WHERE id = $1")

    static let count = SQL(
        "UPDATE device_count SET devices = devices + $3 WHERE device_group = $1 AND status = $2"
    )
    static let countReason = SQL(
        "UPDATE device_reason_count SET devices = devices + $3 WHERE device_group = $1 AND status_reason = $2"
    )
    static let startReasonCount = SQL(
        "INSERT INTO device_reason_count (device_group, status_reason, devices) VALUES ($1, $2, $3)"
    )
    static let startCount = SQL("INSERT INTO device_count (device_group, status, devices) VALUES ($1, $2, $3)")
}
