package import BitLocker
package import EscrowModel

extension Reader {
    /// The volume's open rotation; there is one at most.
    package func openRotation(of volume: Volume) throws(StoreError) -> Rotation? {
        try self.connection.first(RotationColumns.open, .integer(volume.row)) { row throws(StoreError) in
            try RotationColumns.read(&row, volumeID: volume.id)
        }
    }

    /// The rotation with an ID.
    package func rotation(_ id: GUID) throws(StoreError) -> Rotation? {
        try self.connection.first(RotationColumns.byID, .guid(id), read: RotationColumns.readWithVolume)
    }

    /// A device's rotations, the newest first.
    package func rotations(of device: Device, limit: Int) throws(StoreError) -> [Rotation] {
        try self.connection.all(
            RotationColumns.ofDevice,
            .integer(device.row),
            .integer(limit),
            read: RotationColumns.readWithVolume
        )
    }

    /// The rotation of a volume that was asked for last, open or not.
    package func lastRotation(of volume: Volume) throws(StoreError) -> Rotation? {
        try self.connection.first(RotationColumns.last, .integer(volume.row)) { row throws(StoreError) in
            try RotationColumns.read(&row, volumeID: volume.id)
        }
    }

    /// The rotation that a caller asked for with an idempotency key.
    package func rotation(
        of volume: Volume,
        requestedBy: String,
        idempotencyKey: String
    ) throws(StoreError) -> Rotation? {
        try self.connection.first(
            RotationColumns.byIdempotencyKey,
            .integer(volume.row),
            .text(requestedBy),
            .text(idempotencyKey)
        ) { row throws(StoreError) in try RotationColumns.read(&row, volumeID: volume.id) }
    }

    /// Open rotations whose deadline has come, the longest overdue first.
    package func rotationsPastDeadline(_ now: Timestamp, limit: Int) throws(StoreError) -> [Rotation] {
        try self.connection.all(
            RotationColumns.pastDeadline,
            .time(now),
            .integer(limit),
            read: RotationColumns.readWithVolume
        )
    }
}

extension Transaction {
    /// Keeps a new rotation. Throws `.constraint(.openRotation)` when the volume has an open one,
    /// `.constraint(.rotationID)` and `.constraint(.idempotencyKey)` when the ID, or the caller's key on that
    /// volume, was used before.
    package func insert(_ rotation: Rotation) throws(StoreError) {
        try self.connection.run(
            RotationColumns.insert,
            .guid(rotation.id),
            .integer(rotation.volume),
            .word(rotation.trigger),
            .word(rotation.kind),
            .guids(rotation.replaces),
            .text(rotation.requestedBy),
            .text(rotation.idempotencyKey),
            .time(rotation.requestedAt),
            .time(rotation.notBefore),
            .time(rotation.deadline),
            .word(rotation.state),
            .guid(rotation.newProtector),
            .time(rotation.deliveredAt),
            .time(rotation.escrowedAt),
            .time(rotation.finishedAt),
            .text(rotation.failure)
        )
    }

    /// Stores a rotation as it is now; by whom and when it was asked for stays as it was.
    package func update(_ rotation: Rotation) throws(StoreError) {
        let changed = try self.connection.run(
            RotationColumns.update,
            .guid(rotation.id),
            .guids(rotation.replaces),
            .time(rotation.notBefore),
            .time(rotation.deadline),
            .word(rotation.state),
            .guid(rotation.newProtector),
            .time(rotation.deliveredAt),
            .time(rotation.escrowedAt),
            .time(rotation.finishedAt),
            .text(rotation.failure),
            .word(rotation.trigger)
        )
        guard changed == 1 else { throw .constraint(.reference) }
    }
}

/// The columns of a rotation, in the order in which they are read.
enum RotationColumns {
    static let list = """
        rotation.rotation_id, rotation.volume, rotation.cause, rotation.kind, rotation.replaces, \
        rotation.requested_by, rotation.idempotency_key, rotation.requested_at, rotation.not_before, \
        rotation.deadline, rotation.state, rotation.new_protector, rotation.delivered_at, rotation.escrowed_at, \
        rotation.finished_at, rotation.failure
        """

    /// For a query that names the volume's ID before the list.
    static func readWithVolume(_ row: inout Row) throws(StoreError) -> Rotation {
        let volumeID = try row.guid()
        return try Self.read(&row, volumeID: volumeID)
    }

    static func read(_ row: inout Row, volumeID: GUID) throws(StoreError) -> Rotation {
        let request = Rotation(
            id: try row.guid(),
            volume: try row.integer(),
            volumeID: volumeID,
            trigger: try row.word(),
            kind: try row.word(),
            replaces: try row.guids(),
            requestedBy: try row.text(),
            idempotencyKey: try row.optionalText(),
            requestedAt: try row.time(),
            notBefore: try row.time(),
            deadline: try row.time()
        )
        return Rotation(
            asRequested: request,
            state: try row.word(),
            newProtector: try row.optionalGUID(),
            deliveredAt: try row.optionalTime(),
            escrowedAt: try row.optionalTime(),
            finishedAt: try row.optionalTime(),
            failure: try row.optionalText()
        )
    }

    /// As the partial indexes of open rotations have it.
    static let isOpen = "rotation.finished_at IS NULL"

    static let open = SQL("SELECT \(Self.list) FROM rotation WHERE volume = $1 AND \(Self.isOpen)")
    static let last = SQL("SELECT \(Self.list) FROM rotation WHERE volume = $1 ORDER BY id DESC LIMIT 1")
    static let byIdempotencyKey = SQL(
        "SELECT \(Self.list) FROM rotation WHERE volume = $1 AND requested_by = $2 AND idempotency_key = $3"
    )
    private static let withVolume = """
        SELECT volume.volume_id, \(Self.list) FROM rotation JOIN volume ON volume.id = rotation.volume
        """
    static let byID = SQL("\(Self.withVolume) WHERE rotation.rotation_id = $1")
    static let ofDevice = SQL("\(Self.withVolume) WHERE volume.device = $1 ORDER BY rotation.id DESC LIMIT $2")
    static let pastDeadline = SQL(
        """
        \(Self.withVolume) WHERE \(Self.isOpen) AND rotation.deadline <= $1 ORDER BY rotation.deadline LIMIT $2
        """
    )

    static let insert = SQL(
        """
        INSERT INTO rotation (rotation_id, volume, cause, kind, replaces, requested_by, idempotency_key, requested_at,
            not_before, deadline, state, new_protector, delivered_at, escrowed_at, finished_at, failure)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """
    )
    static let update = SQL(
        """
        UPDATE rotation SET replaces = $2, not_before = $3, deadline = $4, state = $5, new_protector = $6,
            delivered_at = $7, escrowed_at = $8, finished_at = $9, failure = $10, cause = $11
        WHERE rotation_id = $1
        """
    )
}
