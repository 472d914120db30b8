package import BitLocker
package import EscrowModel

/// A secret that is deposited: what is known of it, and the sealed bytes.
package struct NewKey: Equatable, Sendable {
    /// The volume that it opens.
    package var volume: Volume
    /// The key protector ID.
    package var protectorID: GUID
    /// Which kind of secret it is.
    package var kind: SecretKind
    /// 1 for the first secret of the protector, one more for each different one.
    package var version: Int
    /// Whether it is known to open the volume.
    package var proof: EscrowedKey.ProofState
    /// Why it is refuted or unproven.
    package var proofReason: String?
    /// When it was deposited.
    package var depositedAt: Timestamp
    /// When it was proven.
    package var provenAt: Timestamp?
    /// The keyed fingerprint that tells whether two secrets are the same.
    package var fingerprint: [UInt8]
    /// The sealed secret.
    package var sealed: [UInt8]
    /// The keyring's seal epoch when it was sealed.
    package var sealEpoch: Int

    /// Makes a key from its parts.
    package init(
        volume: Volume,
        protectorID: GUID,
        kind: SecretKind,
        version: Int,
        proof: EscrowedKey.ProofState,
        proofReason: String?,
        depositedAt: Timestamp,
        provenAt: Timestamp?,
        fingerprint: [UInt8],
        sealed: [UInt8],
        sealEpoch: Int = 1
    ) {
        self.volume = volume
        self.protectorID = protectorID
        self.kind = kind
        self.version = version
        self.proof = proof
        self.proofReason = proofReason
        self.depositedAt = depositedAt
        self.provenAt = provenAt
        self.fingerprint = fingerprint
        self.sealed = sealed
        self.sealEpoch = sealEpoch
    }
}

extension Reader {
    /// Every key of a volume, in the order of deposit.
    package func keys(of volume: Volume) throws(StoreError) -> [EscrowedKey] {
        try self.keys(ofVolume: volume.row, id: volume.id)
    }

    /// Every key of a device, in the order of deposit.
    package func keys(of device: Device) throws(StoreError) -> [EscrowedKey] {
        try self.connection.all(KeyColumns.ofDevice, .integer(device.row), read: KeyColumns.readWithVolume)
            .sorted { $0.row < $1.row }
    }

    /// Few rows, which are sorted here: SQLite would set up a sorter for each time.
    func keys(ofVolume row: Int64, id: GUID) throws(StoreError) -> [EscrowedKey] {
        try self.connection.all(KeyColumns.ofVolume, .integer(row)) { row throws(StoreError) in
            try KeyColumns.read(&row, volumeID: id)
        }
        .sorted { $0.row < $1.row }
    }

    /// The sealed secret; nil once the key is purged.
    package func sealed(_ key: EscrowedKey) throws(StoreError) -> [UInt8]? {
        let sealed = try self.connection.first(KeyColumns.sealed, .integer(key.row)) { row throws(StoreError) in
            try row.optionalBytes()
        }
        guard let sealed else { throw .constraint(.reference) }
        return sealed
    }

    /// The keyed fingerprint of the secret.
    package func fingerprint(_ key: EscrowedKey) throws(StoreError) -> [UInt8] {
        let fingerprint = try self.connection.first(KeyColumns.fingerprint, .integer(key.row)) {
            row throws(StoreError) in try row.bytes()
        }
        guard let fingerprint else { throw .constraint(.reference) }
        return fingerprint
    }

    /// Superseded keys whose retention has ended, of devices that are not on legal hold; the longest overdue first.
    package func purgeableKeys(_ now: Timestamp, limit: Int) throws(StoreError) -> [EscrowedKey] {
        try self.connection.all(KeyColumns.purgeable, .time(now), .integer(limit), read: KeyColumns.readWithVolume)
    }
}

extension Transaction {
    /// Keeps a deposited secret. Throws `.constraint(.keyVersion)` when that version of the protector's is there.
    package func insert(_ key: NewKey) throws(StoreError) -> EscrowedKey {
        let row = try self.connection.first(
            KeyColumns.insert,
            .integer(key.volume.row),
            .guid(key.protectorID),
            .integer(Int64(key.protectorID.keyIDPrefix)),
            .word(key.kind),
            .integer(key.version),
            .word(EscrowedKey.State.active),
            .word(key.proof),
            .text(key.proofReason),
            .time(key.depositedAt),
            .time(key.provenAt),
            .bytes(key.fingerprint),
            .bytes(key.sealed),
            .integer(key.sealEpoch)
        ) { row throws(StoreError) in try row.integer() }
        guard let row else { throw .corrupt("table escrowed_key") }
        try self.noteCurrentKey(ofVolume: key.volume.row, id: key.volume.id)
        return EscrowedKey(
            row: row,
            volume: key.volume.row,
            volumeID: key.volume.id,
            protectorID: key.protectorID,
            kind: key.kind,
            version: key.version,
            state: .active,
            proof: key.proof,
            proofReason: key.proofReason,
            depositedAt: key.depositedAt,
            provenAt: key.provenAt,
            disclosedAt: nil,
            supersededAt: nil,
            purgeAfter: nil
        )
    }

    /// Stores a key as it is now; what it is and when it was deposited stay as they were. To purge it, use `purge`.
    package func update(_ key: EscrowedKey) throws(StoreError) {
        let old = try self.connection.first(KeyColumns.standing, .integer(key.row)) { row throws(StoreError) in
            (try row.word(EscrowedKey.State.self), try row.word(EscrowedKey.ProofState.self), try row.optionalTime())
        }
        guard let old else { throw .constraint(.reference) }
        try self.connection.run(
            KeyColumns.update,
            .integer(key.row),
            .text(key.proofReason),
            .time(key.provenAt),
            .time(key.disclosedAt),
            .time(key.supersededAt),
            .time(key.compromisedAt)
        )
        guard old != (key.state, key.proof, key.purgeAfter) else { return }
        try self.connection.run(
            KeyColumns.updateStanding,
            .integer(key.row),
            .word(key.state),
            .word(key.proof),
            .time(key.purgeAfter)
        )
        try self.noteCurrentKey(ofVolume: key.volume, id: key.volumeID)
    }

    /// Destroys a key's sealed secret; the record of it stays. Soon after the commit no page of any file holds it.
    package func purge(_ key: EscrowedKey) throws(StoreError) {
        let changed = try self.connection.run(KeyColumns.purge, .integer(key.row), .word(EscrowedKey.State.purged))
        guard changed == 1 else { throw .constraint(.reference) }
        self.hasPurged = true
        try self.noteCurrentKey(ofVolume: key.volume, id: key.volumeID)
        // What proved the keys tells of the volume, and nothing is left to prove.
        if try self.keys(ofVolume: key.volume, id: key.volumeID).allSatisfy({ $0.state == .purged }) {
            try self.connection.run(KeyColumns.deleteMetadata, .integer(key.volume))
        }
    }

    /// Notes on the volume which key is handed out when none is named, for the lists.
    private func noteCurrentKey(ofVolume row: Int64, id: GUID) throws(StoreError) {
        let current = try self.keys(ofVolume: row, id: id).current
        let changed = try self.connection.run(
            KeyColumns.setCurrent,
            .integer(row),
            .integer(current?.row),
            .word(current?.proof),
            .time(current?.depositedAt)
        )
        guard changed == 1, let volume = try self.volume(row: row) else { return }
        try self.connection.run(DeviceColumns.updateUnproven, .integer(volume.device))
    }
}

/// The columns of a key without its secret, in the order in which they are read.
enum KeyColumns {
    static let list = """
        escrowed_key.id, escrowed_key.volume, escrowed_key.protector_id, escrowed_key.kind, escrowed_key.version, \
        escrowed_key.state, escrowed_key.proof, escrowed_key.proof_reason, \
        escrowed_key.deposited_at, escrowed_key.proven_at, escrowed_key.disclosed_at, escrowed_key.superseded_at, \
        escrowed_key.purge_after, escrowed_key.compromised_at
        """
    /// How many columns the list has, for a row that has no key.
    static let count = 14

    /// For a query that names the volume's ID before the list.
    static func readWithVolume(_ row: inout Row) throws(StoreError) -> EscrowedKey {
        let volumeID = try row.guid()
        return try Self.read(&row, volumeID: volumeID)
    }

    static func read(_ row: inout Row, volumeID: GUID) throws(StoreError) -> EscrowedKey {
        EscrowedKey(
            row: try row.integer(),
            volume: try row.integer(),
            volumeID: volumeID,
            protectorID: try row.guid(),
            kind: try row.word(),
            version: try row.int(),
            state: try row.word(),
            proof: try row.word(),
            proofReason: try row.optionalText(),
            depositedAt: try row.time(),
            provenAt: try row.optionalTime(),
            disclosedAt: try row.optionalTime(),
            supersededAt: try row.optionalTime(),
            purgeAfter: try row.optionalTime(),
            compromisedAt: try row.optionalTime()
        )
    }

    static let ofVolume = SQL("SELECT \(Self.list) FROM escrowed_key WHERE volume = $1")
    static let ofDevice = SQL(
        """
        SELECT volume.volume_id, \(Self.list) FROM volume JOIN escrowed_key ON escrowed_key.volume = volume.id
        WHERE volume.device = $1
        """
    )
    static let purgeable = SQL(
        """
        SELECT volume.volume_id, \(Self.list) FROM escrowed_key
        JOIN volume ON volume.id = escrowed_key.volume JOIN device ON device.id = volume.device
        WHERE escrowed_key.state = 'superseded' AND escrowed_key.purge_after <= $1 AND device.is_on_legal_hold = 0
        ORDER BY escrowed_key.purge_after LIMIT $2
        """
    )
    static let sealed = SQL("SELECT sealed FROM escrowed_key WHERE id = $1")
    static let fingerprint = SQL("SELECT fingerprint FROM escrowed_key WHERE id = $1")
    static let standing = SQL("SELECT state, proof, purge_after FROM escrowed_key WHERE id = $1")

    static let insert = SQL(
        """
        INSERT INTO escrowed_key (volume, protector_id, key_id_prefix, kind, version, state, proof, proof_reason,
            deposited_at, proven_at, fingerprint, sealed, seal_epoch)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        RETURNING id
        """
    )

    // Indexed columns are written only when they change: naming one rewrites its index entry.
    static let update = SQL(
        """
        UPDATE escrowed_key SET proof_reason = $2, proven_at = $3, disclosed_at = $4, superseded_at = $5,
            compromised_at = $6
        WHERE id = $1
        """
    )
    static let updateStanding = SQL(
        "UPDATE escrowed_key SET state = $2, proof = $3, purge_after = $4 WHERE id = $1"
    )
    static let purge = SQL("UPDATE escrowed_key SET state = $2, sealed = NULL, seal_epoch = 0 WHERE id = $1")
    static let deleteMetadata = SQL("DELETE FROM volume_metadata WHERE volume = $1")
    static let setCurrent = SQL(
        """
        UPDATE volume SET current_key = $2, current_proof = $3, current_deposited_at = $4
        WHERE id = $1 AND (current_key IS DISTINCT FROM $2 OR current_proof IS DISTINCT FROM $3)
        """
    )
}
