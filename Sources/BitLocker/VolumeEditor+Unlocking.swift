import Crypto

/// A volume that is open for editing, and what it says about itself.
struct OpenVolume: ~Copyable {
    let file: VolumeFile
    let volume: VolumeMetadata

    init(_ path: String) throws(VolumeEditError) {
        do throws(VolumeAccessError) {
            let file = try VolumeFile(path: path, access: .editing)
            self.volume = try VolumeMetadata(reading: file)
            self.file = file
        } catch {
            throw .access(error)
        }
    }
}

extension VolumeEditor {
    /// The most protectors of one kind that a secret is tried on: stretching is slow.
    private static let maximumTries = 16

    /// Tries a secret on the protectors of its kind, in the newest copy first and then in the others: after a crash an
    /// older copy may be the only one that has the protector.
    static func unlock(
        _ volume: VolumeMetadata,
        kind: KeyProtector.Kind,
        protector: GUID?,
        with unlock: (Datum) -> MasterKey.Unlocking
    ) throws(VolumeEditError) -> MasterKey {
        let copies = volume.validCopies.sorted { $0.nextNonce > $1.nextNonce }
        guard !copies.isEmpty else { throw .noValidMetadata }
        var tried: [ArraySlice<UInt8>] = []
        var failure = VolumeEditError.noSuchProtector
        for entry in copies.flatMap(\.datums) where entry.isProtector {
            guard let described = KeyProtector(entry), described.kind == kind,
                protector == nil || protector == described.id, !tried.contains(entry.bytes),
                tried.count < Self.maximumTries
            else { continue }
            tried.append(entry.bytes)
            switch unlock(entry) {
            case .unlocked(let masterKey): return masterKey
            case .refused: failure = .wrongSecret
            case .obstacle(let obstacle): failure = .obstacle(obstacle)
            }
        }
        throw failure
    }

    /// The newest valid copy, when every valid copy is as it was sealed.
    static func verified(_ volume: VolumeMetadata, by masterKey: borrowing MasterKey) throws(VolumeEditError)
        -> FVEMetadata
    {
        guard let newest = volume.newest else { throw .noValidMetadata }
        guard newest.version == 2 else { throw .unsupportedVersion(newest.version) }
        var tampered: [Int] = []
        for copy in volume.copies {
            guard let metadata = copy.metadata else { continue }
            switch masterKey.verify(metadata) {
            case .intact: break
            case .tampered: tampered.append(copy.index)
            case .incomplete: throw .obstacle(.incompleteMetadata)
            }
        }
        guard tampered.isEmpty else { throw .tampered(copies: tampered) }
        return newest
    }
}

extension Datum {
    /// Tries a simulated TPM on this protector.
    func unlock(with tpm: SimulatedTPM) -> MasterKey.Unlocking {
        guard let sealed = SealedKey(tpmBlob: self.nested(.tpmBlob).first) else {
            return .obstacle(.incompleteMetadata)
        }
        return Self.unlock(sealed, with: tpm.secret)
    }

    /// Opens this protector with the key that stands in it for everybody to read.
    func unlockWithClearKey() -> MasterKey.Unlocking {
        guard let entry = self.nested(.key).first, entry.bytes.count == 44,
            entry.bytes.integer(at: 8) == KeyType.clearKey, let sealed = self.sealedMasterKey
        else { return .obstacle(.incompleteMetadata) }
        let key = SecretBytes(copying: Array(entry.bytes.dropFirst(12)).span)
        return Self.unlock(sealed, with: key)
    }
}

extension FVEMetadata {
    /// Windows 7 wrote the relocation entry without the extended information of its successors.
    var isWindows7: Bool {
        self.datums.contains { $0.kind == .virtualization && $0.bytes.count == DatumKind.virtualization.fixedSize }
    }
}

extension MasterKey {
    /// The 64 KiB of one copy: the information block, checksum and sealed hash, and zeros.
    func sealedArea(of builder: MetadataBuilder, nonces: NonceSequence) throws(VolumeEditError) -> [UInt8] {
        var builder = builder
        // The hash covers the counter, so the nonce that seals the hash has to be counted before.
        var sealer = ProtectorEntry(id: GUID(high: 0, low: 0), time: FileTime(ticks: 0), nonces: nonces)
        var after = nonces
        guard after.next() != nil else { throw .noncesExhausted }
        builder.nextNonce = after.counter
        guard let block = builder.informationBlock() else { throw .noRoom }
        let hash = Array(SHA256.hash(data: block))
        let sealedHash = try sealer.sealed(SecretBytes(copying: hash.span), type: KeyType.hash, by: self.key)
        let used = block + MetadataBuilder.validationBlock(of: block, sealedHash: sealedHash)
        return used + [UInt8](repeating: 0, count: FVEMetadata.areaSize(version: 2) - used.count)
    }
}
