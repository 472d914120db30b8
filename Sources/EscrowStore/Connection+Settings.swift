import CSQLite

extension Connection {
    /// How long another program's lock is waited for.
    static let busyMilliseconds: Int32 = 5000

    /// Sets up the connection that writes, and checks that what durability depends on did take.
    ///
    /// - `synchronous=FULL`: the write-ahead log is synced at every commit. Drivers that turn WAL on have been seen
    ///   to set NORMAL.
    /// - `wal_autocheckpoint=0`: the writer copies pages back itself, after it has answered.
    /// - `secure_delete`: what is deleted is overwritten, a purged secret above all.
    /// - `temp_store=MEMORY`: savepoints keep their undo pages in memory.
    func setUpForWriting() throws(StoreError) {
        sqlite3_busy_timeout(self.pointer, Self.busyMilliseconds)
        try self.set("journal_mode", "WAL", is: "wal")
        try self.set("synchronous", "FULL", is: "2")
        try self.set("foreign_keys", "ON", is: "1")
        try self.set("trusted_schema", "OFF", is: "0")
        try self.set("cell_size_check", "ON", is: "1")
        try self.set("secure_delete", "ON", is: "1")
        try self.set("wal_autocheckpoint", "0", is: "0")
        try self.set("temp_store", "MEMORY", is: "2")
        try self.set("mmap_size", "0", is: "0")
        try self.set("cache_size", "-32768", is: "-32768")
        self.countPagesInLog()
    }

    /// Sets up a connection that only reads.
    func setUpForReading() throws(StoreError) {
        sqlite3_busy_timeout(self.pointer, Self.busyMilliseconds)
        try self.set("query_only", "ON", is: "1")
        try self.set("trusted_schema", "OFF", is: "0")
        try self.set("cell_size_check", "ON", is: "1")
        try self.set("wal_autocheckpoint", "0", is: "0")
        try self.set("temp_store", "MEMORY", is: "2")
        try self.set("mmap_size", "0", is: "0")
        try self.set("cache_size", "-8192", is: "-8192")
    }

    /// A setting's value as text.
    package func setting(_ name: String) throws(StoreError) -> String? {
        try self.first(SQL("PRAGMA \(name)")) { row throws(StoreError) in try row.anyText() }
    }

    private func set(_ name: String, _ value: String, is expected: String) throws(StoreError) {
        try self.execute("PRAGMA \(name) = \(value)")
        // A build of SQLite without memory mapping has no such setting, which is as good as zero.
        let found = try self.setting(name) ?? (name == "mmap_size" ? "0" : "")
        guard found == expected else { throw .refused(.settingNotTaken("\(name) = \(value)")) }
    }
}
