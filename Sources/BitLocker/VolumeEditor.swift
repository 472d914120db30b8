public import FoundationEssentials

/// Changes the key protectors of a volume that it has unlocked.
///
/// Works on a file or a block device, which it locks against other editors while it lives. A change is first planned,
/// then applied: see ``MetadataRewrite`` for what makes that safe. Only metadata of version 2 is written.
/// Source: the recipe that cryptsetup, dislocker and dissect.fve were seen to accept; no Windows was at hand.
public struct VolumeEditor: ~Copyable {
    private let file: VolumeFile
    private let masterKey: MasterKey
    /// What the volume says about itself now.
    public private(set) var volume: VolumeMetadata
    /// The newest valid copy, the basis of every plan.
    private var newest: FVEMetadata

    private init(_ opened: consuming OpenVolume, masterKey: consuming MasterKey) throws(VolumeEditError) {
        self.newest = try Self.verified(opened.volume, by: masterKey)
        self.volume = opened.volume
        self.file = opened.file
        self.masterKey = masterKey
    }

    /// Unlocks with a recovery password, of one protector or of whichever it fits.
    public init(
        openingFileAt path: String,
        recoveryPassword: borrowing RecoveryPassword,
        protector: GUID? = nil
    ) throws(VolumeEditError) {
        let opened = try OpenVolume(path)
        let masterKey = try Self.unlock(opened.volume, kind: .recoveryPassword, protector: protector) { entry in
            entry.unlock(with: recoveryPassword)
        }
        try self.init(opened, masterKey: masterKey)
    }

    /// Unlocks with a recovery key.
    public init(openingFileAt path: String, recoveryKey: borrowing RecoveryKey) throws(VolumeEditError) {
        let opened = try OpenVolume(path)
        let masterKey = try Self.unlock(opened.volume, kind: .externalKey, protector: recoveryKey.protectorID) {
            entry in
            entry.unlock(with: recoveryKey)
        }
        try self.init(opened, masterKey: masterKey)
    }

    /// Unlocks with the simulated TPM that the volume was formatted with.
    public init(openingFileAt path: String, simulatedTPM: SimulatedTPM) throws(VolumeEditError) {
        let opened = try OpenVolume(path)
        let masterKey = try Self.unlock(opened.volume, kind: .tpm, protector: nil) { entry in
            entry.unlock(with: simulatedTPM)
        }
        try self.init(opened, masterKey: masterKey)
    }

    /// Unlocks a volume whose protection is suspended, with the clear key that is on it.
    public init(openingSuspendedFileAt path: String) throws(VolumeEditError) {
        let opened = try OpenVolume(path)
        let masterKey = try Self.unlock(opened.volume, kind: .clearKey, protector: nil) { entry in
            entry.unlockWithClearKey()
        }
        try self.init(opened, masterKey: masterKey)
    }

    /// Plans to add a recovery password; its protector's ID is in the plan.
    ///
    /// - Parameter name: What Windows calls the protector; it gives none by default.
    public func planAdding(
        _ password: borrowing RecoveryPassword,
        name: String? = nil,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(VolumeEditError) -> MetadataRewrite {
        let salt = (0..<16).map { _ in UInt8(truncatingIfNeeded: generator.next() as UInt64) }
        var entry = self.entry(id: GUID.random(using: &generator), now: now)
        let bytes = try entry.recoveryPassword(
            password,
            name: name,
            salt: salt,
            isWindows7: self.newest.isWindows7,
            masterKey: self.masterKey
        )
        return try self.plan(adding: bytes, entry)
    }

    /// Plans to add a recovery key under the protector ID that it names.
    public func planAdding(_ recoveryKey: borrowing RecoveryKey, now: Date) throws(VolumeEditError) -> MetadataRewrite {
        guard self.newest.protector(recoveryKey.protectorID) == nil else { throw .protectorExists }
        var entry = self.entry(id: recoveryKey.protectorID, now: now)
        let bytes = try entry.externalKey(recoveryKey, masterKey: self.masterKey)
        return try self.plan(adding: bytes, entry)
    }

    /// Plans to remove a key protector; the last one stays.
    public func planRemoving(_ protector: GUID, now: Date) throws(VolumeEditError) -> MetadataRewrite {
        guard self.newest.protector(protector) != nil else { throw .noSuchProtector }
        guard self.newest.protectors.count > 1 else { throw .lastProtector }
        var builder = MetadataBuilder(self.newest)
        builder.entries = self.newest.datums
            .filter { !($0.isProtector && $0.bytes.guid(at: 8) == protector) }
            .map { Array($0.bytes) }
        let entry = self.entry(id: protector, now: now)
        return try self.plan(builder, entry.nonces, adding: nil)
    }

    /// Plans to make all three copies like the newest valid one; nil when they are.
    ///
    /// This is what finishes, or undoes, a change that was interrupted.
    public func planRepair() -> MetadataRewrite? {
        let wrong = self.volume.copies.filter { copy in
            copy.metadata.map { !$0.isIdentical(to: self.newest) } ?? true
        }
        guard !wrong.isEmpty else { return nil }
        var area = Array(self.newest.information) + self.newest.validation
        area += [UInt8](repeating: 0, count: FVEMetadata.areaSize(version: self.newest.version) - area.count)
        return MetadataRewrite(area: area, over: self.volume, base: self.newest, addedProtector: nil)
            .only(Set(wrong.map(\.index)))
    }

    /// Carries out a plan: writes one copy after the other, each on the disk before the next.
    ///
    /// - Parameter afterWrite: Called after each write with the number of the copy; what it throws ends the work there.
    public mutating func apply(
        _ rewrite: MetadataRewrite,
        afterWrite: (Int) throws -> Void = { _ in }
    ) throws {
        guard rewrite.base == self.newest.nextNonce else { throw VolumeEditError.stalePlan }
        for write in rewrite.writes {
            do throws(VolumeAccessError) {
                try self.file.write(write.bytes, at: write.offset)
                try self.file.synchronize()
            } catch {
                throw VolumeEditError.access(error)
            }
            try afterWrite(write.copy)
        }
        try self.reload()
    }

    /// The recovery password of a protector, which whoever has unlocked a volume can read.
    ///
    /// Windows offers the same as `GetKeyProtectorNumericalPassword`.
    public func recoveryPassword(of protector: GUID) throws(VolumeEditError) -> RecoveryPassword {
        guard let entry = self.newest.datum(ofProtector: protector) else { throw .noSuchProtector }
        for stretch in entry.nested(.stretchKey) {
            for sealed in stretch.nested(.sealed).compactMap({ SealedKey($0) }) {
                guard case .key(let opened) = sealed.open(with: self.masterKey.key),
                    let bytes = opened.bytes(type: KeyType.recoveryPasswordStretch, size: 16)
                else { continue }
                return RecoveryPassword(storage: bytes)
            }
        }
        throw .noSuchProtector
    }

    private mutating func reload() throws(VolumeEditError) {
        do throws(VolumeAccessError) {
            self.volume = try VolumeMetadata(reading: self.file)
        } catch {
            throw .access(error)
        }
        self.newest = try Self.verified(self.volume, by: self.masterKey)
    }

    private func entry(id: GUID, now: Date) -> ProtectorEntry {
        let time = FileTime(now)
        return ProtectorEntry(
            id: id,
            time: time,
            nonces: NonceSequence(time: time, counter: self.newest.nextNonce)
        )
    }

    private func plan(adding bytes: [UInt8], _ entry: ProtectorEntry) throws(VolumeEditError) -> MetadataRewrite {
        var builder = MetadataBuilder(self.newest)
        // After the last protector: cryptsetup 2.8.2 and 2.8.3 need another kind than a recovery password to come first.
        let last = self.newest.datums.lastIndex(where: \.isProtector).map { $0 + 1 }
        builder.entries.insert(bytes, at: last ?? builder.entries.count)
        return try self.plan(builder, entry.nonces, adding: entry.id)
    }

    private func plan(
        _ builder: MetadataBuilder,
        _ nonces: NonceSequence,
        adding protector: GUID?
    ) throws(VolumeEditError) -> MetadataRewrite {
        let area = try self.masterKey.sealedArea(of: builder, nonces: nonces)
        return MetadataRewrite(area: area, over: self.volume, base: self.newest, addedProtector: protector)
    }
}
