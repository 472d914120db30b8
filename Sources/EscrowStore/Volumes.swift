package import BitLocker
package import EscrowModel

extension Reader {
    /// The volumes that a device reported, now or at some time, in the order in which they were first named.
    package func volumes(of device: Device) throws(StoreError) -> [Volume] {
        // Few rows, which are sorted here: SQLite would set up a sorter for each time.
        try self.connection.all(VolumeColumns.ofDevice, .integer(device.row), read: VolumeColumns.read)
            .sorted { $0.row < $1.row }
    }

    /// The volume of a device with an ID.
    package func volume(_ id: GUID, of device: Device) throws(StoreError) -> Volume? {
        try self.connection.first(VolumeColumns.byID, .integer(device.row), .guid(id), read: VolumeColumns.read)
    }

    /// The volume with a row number.
    package func volume(row: Int64) throws(StoreError) -> Volume? {
        try self.connection.first(VolumeColumns.byRow, .integer(row), read: VolumeColumns.read)
    }

    /// What was last uploaded of a volume for proof; nil when nothing was.
    package func metadata(of volume: Volume) throws(StoreError) -> [UInt8]? {
        try self.connection.first(VolumeColumns.metadata, .integer(volume.row)) { row throws(StoreError) in
            try row.bytes()
        }
    }

    /// Volumes that are still pending when their deadline has come, the longest overdue first.
    package func volumesPastDeadline(_ now: Timestamp, limit: Int) throws(StoreError) -> [Volume] {
        try self.connection.all(VolumeColumns.pastDeadline, .time(now), .integer(limit), read: VolumeColumns.read)
    }
}

extension Transaction {
    /// Takes up a volume that a device reports for the first time. Throws `.constraint(.volumeID)` when it is known.
    package func insert(
        _ report: VolumeReport,
        of device: Device,
        status: EscrowStatus
    ) throws(StoreError) -> Volume {
        let row = try self.connection.first(
            VolumeColumns.insert,
            .integer(device.row),
            .text(device.group),
            .guid(report.id),
            .word(report.kind),
            .text(report.label),
            .word(report.protection),
            .integer(report.encryptedPercentage),
            .bytes(ReportedProtector.encode(report.protectors)),
            .word(status.state),
            .word(status.reason),
            .time(status.since)
        ) { row throws(StoreError) in try row.integer() }
        guard let row else { throw .corrupt("table volume") }
        return Volume(
            row: row,
            device: device.row,
            id: report.id,
            report: report,
            isPresent: true,
            status: status,
            deadline: nil,
            failure: nil,
            highestNonce: 0
        )
    }

    /// Stores a volume as it is now; its device and its ID stay as they were.
    package func update(_ volume: Volume) throws(StoreError) {
        var changed = try self.connection.run(
            VolumeColumns.update,
            .integer(volume.row),
            .text(volume.report.label),
            .word(volume.report.protection),
            .integer(volume.report.encryptedPercentage),
            .bytes(ReportedProtector.encode(volume.report.protectors)),
            .bool(volume.isPresent),
            .time(volume.status.since),
            .word(volume.failure?.reason),
            .time(volume.failure?.at),
            .text(volume.failure?.detail),
            .integer(Int64(volume.highestNonce))
        )
        changed += try self.connection.run(
            VolumeColumns.updateIndexed,
            .integer(volume.row),
            .word(volume.report.kind),
            .word(volume.status.state),
            .word(volume.status.reason),
            .time(volume.deadline)
        )
        if changed == 0 {
            guard try self.volume(row: volume.row) != nil else { throw .constraint(.reference) }
        } else {
            try self.connection.run(DeviceColumns.updateUnproven, .integer(volume.device))
        }
    }

    /// Keeps what was uploaded of a volume for proof, in place of what was there.
    package func setMetadata(_ bytes: [UInt8], of volume: Volume) throws(StoreError) {
        try self.connection.run(VolumeColumns.setMetadata, .integer(volume.row), .bytes(bytes))
    }
}

/// The columns of a volume, in the order in which they are read.
enum VolumeColumns {
    static let list = """
        volume.id, volume.device, volume.volume_id, volume.kind, volume.label, volume.protection, \
        volume.encrypted_percentage, volume.protectors, volume.is_present, volume.status, volume.status_reason, \
        volume.status_since, volume.deadline, volume.failure_reason, volume.failure_at, volume.failure_detail, \
        volume.highest_nonce
        """

    static func read(_ row: inout Row) throws(StoreError) -> Volume {
        let number = try row.integer()
        let device = try row.integer()
        let id = try row.guid()
        let report = VolumeReport(
            id: id,
            kind: try row.word(),
            label: try row.optionalText(),
            protection: try row.word(),
            encryptedPercentage: try row.int(),
            protectors: try Self.protectors(&row)
        )
        return Volume(
            row: number,
            device: device,
            id: id,
            report: report,
            isPresent: try row.bool(),
            status: EscrowStatus(try row.word(), try row.word(), since: try row.time()),
            deadline: try row.optionalTime(),
            failure: try Self.failure(&row),
            highestNonce: try Self.nonce(&row)
        )
    }

    private static func protectors(_ row: inout Row) throws(StoreError) -> [ReportedProtector] {
        guard let protectors = ReportedProtector.decode(try row.bytes()) else { throw row.broken() }
        return protectors
    }

    private static func failure(_ row: inout Row) throws(StoreError) -> VolumeFailure? {
        guard !row.isNull else {
            row.skip(3)
            return nil
        }
        return VolumeFailure(reason: try row.word(), at: try row.time(), detail: try row.text())
    }

    private static func nonce(_ row: inout Row) throws(StoreError) -> UInt32 {
        guard let nonce = UInt32(exactly: try row.integer()) else { throw row.broken() }
        return nonce
    }

    static let ofDevice = SQL("SELECT \(Self.list) FROM volume WHERE device = $1")
    static let byID = SQL("SELECT \(Self.list) FROM volume WHERE device = $1 AND volume_id = $2")
    static let byRow = SQL("SELECT \(Self.list) FROM volume WHERE id = $1")
    static let metadata = SQL("SELECT metadata FROM volume_metadata WHERE volume = $1")
    static let pastDeadline = SQL(
        """
        SELECT \(Self.list) FROM volume WHERE status = 'pending' AND deadline <= $1 ORDER BY deadline LIMIT $2
        """
    )

    static let insert = SQL(
        """
        INSERT INTO volume (device, device_group, volume_id, kind, label, protection, encrypted_percentage, protectors,
            is_present, status, status_reason, status_since, highest_nonce)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, 0)
        RETURNING id
        """
    )

    // A row that is written as it was costs a page of the log as much as one that changed; so does an index entry.
    static let update = SQL(
        """
        UPDATE volume SET label = $2, protection = $3, encrypted_percentage = $4, protectors = $5, is_present = $6,
            status_since = $7, failure_reason = $8, failure_at = $9, failure_detail = $10, highest_nonce = $11
        WHERE id = $1
            AND (label IS DISTINCT FROM $2 OR protection <> $3 OR encrypted_percentage <> $4 OR protectors <> $5
                OR is_present <> $6 OR status_since <> $7 OR failure_reason IS DISTINCT FROM $8
                OR failure_at IS DISTINCT FROM $9 OR failure_detail IS DISTINCT FROM $10 OR highest_nonce <> $11)
        """
    )
    static let updateIndexed = SQL(
        """
        UPDATE volume SET kind = $2, status = $3, status_reason = $4, deadline = $5
        WHERE id = $1
            AND (kind <> $2 OR status <> $3 OR status_reason <> $4 OR deadline IS DISTINCT FROM $5)
        """
    )
    static let setMetadata = SQL(
        """
        INSERT INTO volume_metadata (volume, metadata) VALUES ($1, $2)
        ON CONFLICT (volume) DO UPDATE SET metadata = excluded.metadata
        """
    )
}
