package import BitLocker
package import EscrowModel
import Glibc

/// A sealed secret as it lies in a database that no server has open, with what it was sealed for.
package struct ArchivedSeal: Equatable, Sendable {
    /// The key's row.
    package let row: Int64
    /// The device that deposited it.
    package let device: GUID
    /// The device's name.
    package let deviceName: String
    /// The volume that it opens.
    package let volume: GUID
    /// The key protector ID.
    package let protector: GUID
    /// Which kind of secret it is.
    package let kind: SecretKind
    /// Its number among the protector's secrets.
    package let version: Int
    /// How far its life has come.
    package let state: EscrowedKey.State
    /// Whether it is known to open the volume.
    package let proof: EscrowedKey.ProofState
    /// When it was deposited.
    package let depositedAt: Timestamp
    /// The record.
    package let sealed: [UInt8]
}

/// A database file that is only read, of any version of the schema: a backup, or the data of a server that is gone.
///
/// Reads what the first version had. Refuses a database that a process has open, and keeps one from being opened meanwhile
/// where it can. Nothing is written: a file with no write-ahead log beside it is opened as one that cannot change.
package final class OfflineArchive {
    private let connection: Connection
    private let lock: Int32

    /// Opens a database file. Throws `.refused` with what to do.
    package init(path: String) throws(StoreError) {
        guard access(path, R_OK) == 0 else {
            throw .refused(.cannotOpen(path: path, reason: String(cString: strerror(errno))))
        }
        let lock = Glibc.open(path + ".lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) != 0 {
            Glibc.close(lock)
            throw .refused(.alreadyOpen(directory: path))
        }
        self.lock = lock
        var log = stat()
        let hasLog = stat(path + "-wal", &log) == 0 && log.st_size > 0
        do throws(StoreError) {
            self.connection = try Connection(path: path, mode: hasLog ? .readOnly : .unchanging)
            try self.connection.setUpForReading()
        } catch {
            if lock >= 0 { Glibc.close(lock) }
            throw error
        }
    }

    deinit {
        self.connection.close()
        if self.lock >= 0 { Glibc.close(self.lock) }
    }

    /// Secrets that were not purged, in the order of deposit, after a row.
    ///
    /// - Parameters:
    ///   - device: of this device only; nil for all.
    ///   - row: the last one seen; 0 for none.
    ///   - limit: how many at most.
    package func seals(of device: GUID?, after row: Int64, limit: Int) throws(StoreError) -> [ArchivedSeal] {
        let values: [SQLValue] = [.integer(row), .integer(limit)] + (device.map { [.guid($0)] } ?? [])
        return try self.connection.all(device == nil ? ArchiveSQL.all : ArchiveSQL.ofDevice, values) {
            row throws(StoreError) in
            ArchivedSeal(
                row: try row.integer(),
                device: try row.guid(),
                deviceName: try row.text(),
                volume: try row.guid(),
                protector: try row.guid(),
                kind: try row.word(),
                version: try row.int(),
                state: try row.word(),
                proof: try row.word(),
                depositedAt: try row.time(),
                sealed: try row.bytes()
            )
        }
    }
}

private enum ArchiveSQL {
    private static let select = """
        SELECT escrowed_key.id, device.device_id, device.name, volume.volume_id, escrowed_key.protector_id,
            escrowed_key.kind, escrowed_key.version, escrowed_key.state, escrowed_key.proof, escrowed_key.deposited_at,
            escrowed_key.sealed
        FROM escrowed_key JOIN volume ON volume.id = escrowed_key.volume JOIN device ON device.id = volume.device
        WHERE escrowed_key.id > $1 AND escrowed_key.sealed IS NOT NULL
        """
    static let all = SQL("\(Self.select) ORDER BY escrowed_key.id LIMIT $2")
    static let ofDevice = SQL("\(Self.select) AND device.device_id = $3 ORDER BY escrowed_key.id LIMIT $2")
}
