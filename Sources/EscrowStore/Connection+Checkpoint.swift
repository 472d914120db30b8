import CSQLite

extension Connection {
    /// How the write-ahead log goes back into the database file.
    enum CheckpointMode: Sendable {
        /// As far as no reader is in the way.
        case passive
        /// All of it, and the file is cut to nothing: no old page stays behind in it.
        case truncate
    }

    /// Copies the write-ahead log into the database file. False when a reader was in the way of all of it.
    func checkpoint(_ mode: CheckpointMode) throws(StoreError) -> Bool {
        // Readers are waited for a moment, not as long as another writer would be: writes wait meanwhile.
        sqlite3_busy_timeout(self.pointer, 20)
        defer { sqlite3_busy_timeout(self.pointer, Self.busyMilliseconds) }
        let flag = mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE
        var frames: Int32 = 0
        var copied: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(self.pointer, nil, flag, &frames, &copied)
        switch code & 0xFF {
        case SQLITE_OK: return frames == copied
        case SQLITE_BUSY, SQLITE_LOCKED: return false
        default: throw self.error(code)
        }
    }
}
