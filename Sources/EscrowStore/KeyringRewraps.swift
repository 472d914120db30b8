package import BitLocker
package import EscrowModel

/// A sealed secret that is to be sealed anew, with what it was sealed for.
package struct StaleSeal: Equatable, Sendable {
    /// The key's row.
    package let row: Int64
    /// The seal epoch that it is of.
    package let epoch: Int
    /// The device that deposited it.
    package let device: GUID
    /// The volume that it opens.
    package let volume: GUID
    /// The key protector ID.
    package let protector: GUID
    /// Which kind of secret it is.
    package let kind: SecretKind
    /// Its number among the protector's secrets.
    package let version: Int
    /// The record.
    package let sealed: [UInt8]
}

/// How far sealing everything anew has come.
package struct KeyringRewrap: Equatable, Sendable {
    /// The seal epoch that secrets are brought to.
    package var epoch: Int
    /// When it began.
    package var startedAt: Timestamp
    /// How many secrets were of an earlier epoch then.
    package var total: Int
    /// How many were sealed anew.
    package var rewrapped: Int
    /// How many could not be: their seals do not open.
    package var failed: Int
    /// The last secret that was looked at, by its epoch then and its row.
    package var position: (epoch: Int, row: Int64)
    /// When it ended; nil while it goes on.
    package var finishedAt: Timestamp?

    /// Before all secrets: those that are purged are of epoch 0.
    package static let start = (epoch: 1, row: Int64(0))

    /// Begins.
    package init(to epoch: Int, at now: Timestamp, total: Int) {
        self.epoch = epoch
        self.startedAt = now
        self.total = total
        self.rewrapped = 0
        self.failed = 0
        self.position = Self.start
    }

    /// By all that is stored.
    package static func == (left: KeyringRewrap, right: KeyringRewrap) -> Bool {
        left.epoch == right.epoch && left.startedAt == right.startedAt && left.total == right.total
            && left.rewrapped == right.rewrapped && left.failed == right.failed && left.position == right.position
            && left.finishedAt == right.finishedAt
    }
}

extension Reader {
    /// How many secrets are of these seal epochs. Walks that part of an index: a second for ten million.
    package func sealedCount(ofEpochs epochs: Range<Int>) throws(StoreError) -> Int {
        guard !epochs.isEmpty else { return 0 }
        let count = try self.connection.first(
            RewrapSQL.count,
            .integer(epochs.lowerBound),
            .integer(epochs.upperBound)
        ) { row throws(StoreError) in try row.int() }
        return count ?? 0
    }

    /// Secrets of an epoch before this one, in the order of epoch and row, after a position.
    package func staleSeals(
        before epoch: Int,
        after position: (epoch: Int, row: Int64),
        limit: Int
    ) throws(StoreError) -> [StaleSeal] {
        try self.connection.all(
            RewrapSQL.stale,
            .integer(epoch),
            .integer(position.epoch),
            .integer(position.row),
            .integer(limit)
        ) { row throws(StoreError) in
            StaleSeal(
                row: try row.integer(),
                epoch: try row.int(),
                device: try row.guid(),
                volume: try row.guid(),
                protector: try row.guid(),
                kind: try row.word(),
                version: try row.int(),
                sealed: try row.bytes()
            )
        }
    }

    /// The last time that everything was sealed anew; nil when it never was.
    package func keyringRewrap() throws(StoreError) -> KeyringRewrap? {
        try self.connection.first(RewrapSQL.select) { row throws(StoreError) in
            var rewrap = KeyringRewrap(to: try row.int(), at: try row.time(), total: try row.int())
            rewrap.rewrapped = try row.int()
            rewrap.failed = try row.int()
            rewrap.position = (try row.int(), try row.integer())
            rewrap.finishedAt = try row.optionalTime()
            return rewrap
        }
    }
}

extension Transaction {
    /// Puts a record in place of the one that was read. False, and nothing changes, when that is not there any more.
    package func replace(_ seal: StaleSeal, with sealed: [UInt8], epoch: Int) throws(StoreError) -> Bool {
        let values: [SQLValue] = [
            .integer(seal.row), .integer(seal.epoch), .bytes(seal.sealed), .bytes(sealed), .integer(epoch),
        ]
        return try self.connection.run(RewrapSQL.replace, values) == 1
    }

    /// Keeps how far it has come.
    package func set(_ rewrap: KeyringRewrap) throws(StoreError) {
        let values: [SQLValue] = [
            .integer(rewrap.epoch), .time(rewrap.startedAt), .integer(rewrap.total), .integer(rewrap.rewrapped),
            .integer(rewrap.failed), .integer(rewrap.position.epoch), .integer(rewrap.position.row),
            .time(rewrap.finishedAt),
        ]
        try self.connection.run(RewrapSQL.set, values)
    }
}

private enum RewrapSQL {
    static let count = SQL(
        "SELECT count(*) FROM escrowed_key WHERE seal_epoch >= $1 AND seal_epoch < $2"
    )
    static let stale = SQL(
        """
        SELECT escrowed_key.id, escrowed_key.seal_epoch, device.device_id, volume.volume_id, escrowed_key.protector_id,
            escrowed_key.kind, escrowed_key.version, escrowed_key.sealed
        FROM escrowed_key JOIN volume ON volume.id = escrowed_key.volume JOIN device ON device.id = volume.device
        WHERE escrowed_key.seal_epoch < $1 AND (escrowed_key.seal_epoch, escrowed_key.id) > ($2, $3)
        ORDER BY escrowed_key.seal_epoch, escrowed_key.id LIMIT $4
        """
    )
    static let replace = SQL(
        """
        UPDATE escrowed_key SET sealed = $4, seal_epoch = $5 WHERE id = $1 AND seal_epoch = $2 AND sealed = $3
        """
    )
    static let select = SQL(
        """
        SELECT seal_epoch, started_at, total, rewrapped, failed, after_epoch, after_key, finished_at
        FROM keyring_rewrap WHERE id = 1
        """
    )
    static let set = SQL(
        """
        INSERT INTO keyring_rewrap (id, seal_epoch, started_at, total, rewrapped, failed, after_epoch, after_key,
            finished_at)
        VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id) DO UPDATE SET seal_epoch = excluded.seal_epoch, started_at = excluded.started_at,
            total = excluded.total, rewrapped = excluded.rewrapped, failed = excluded.failed,
            after_epoch = excluded.after_epoch, after_key = excluded.after_key, finished_at = excluded.finished_at
        """
    )
}
