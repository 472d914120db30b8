/// Writes the entries of key protectors, as Windows 8 and later write them.
///
/// Each holds the volume master key, sealed by the protector's key, and the protector's own secret, sealed by the volume
/// master key: that is how Windows can show a recovery password again, and bind new keys to old secrets.
struct ProtectorEntry {
    let id: GUID
    let time: FileTime
    var nonces: NonceSequence

    /// The 48 digits. `isWindows7` leaves out what Windows 7 does not know.
    mutating func recoveryPassword(
        _ password: borrowing RecoveryPassword,
        name: String?,
        salt: [UInt8],
        isWindows7: Bool,
        masterKey: borrowing MasterKey
    ) throws(VolumeEditError) -> [UInt8] {
        let stretched = Stretch.key(of: password, salt: salt)
        let secret = password.withBytes { SecretBytes(copying: $0) }
        var stretch: [UInt8] = []
        stretch.append(littleEndian: KeyType.recoveryPasswordStretch)
        stretch.append(littleEndian: 0 as UInt16)
        stretch += salt
        let role = isWindows7 ? 0 : DatumRole.passwordUnderMasterKey
        stretch += try self.sealed(secret, type: KeyType.recoveryPasswordStretch, role: role, by: masterKey.key)
        if !isWindows7 {
            stretch += try self.sealed(
                stretched,
                type: KeyType.stretchedRecoveryPassword,
                role: DatumRole.stretchedKeyUnderMasterKey,
                by: masterKey.key
            )
        }
        let entries =
            (name.map { Datum.text($0, role: 0) } ?? [])
            + Datum.encoded(role: 0, kind: .stretchKey, content: stretch)
            + (try self.sealed(masterKey.key, type: KeyType.masterKey, by: stretched))
        return self.protector(0x0800, entries)
    }

    /// A key file.
    mutating func externalKey(
        _ recoveryKey: borrowing RecoveryKey,
        masterKey: borrowing MasterKey
    ) throws(VolumeEditError) -> [UInt8] {
        var use: [UInt8] = []
        use.append(littleEndian: KeyType.externalKey)
        use.append(littleEndian: 0 as UInt16)
        use += try self.sealed(recoveryKey.storage, type: KeyType.externalKey, by: masterKey.key)
        let entries =
            Datum.text("ExternalKey", role: 0)
            + Datum.encoded(role: 0, kind: .useKey, content: use)
            + (try self.sealed(masterKey.key, type: KeyType.masterKey, by: recoveryKey.storage))
        return self.protector(0x0200, entries)
    }

    /// A simulated TPM: what a TPM would seal to itself is sealed by a key that is kept elsewhere.
    mutating func simulatedTPM(_ tpm: SimulatedTPM, masterKey: borrowing MasterKey) throws(VolumeEditError) -> [UInt8] {
        let registers: UInt32 = 0x0000_0810  // PCR 4 and 11, what Windows binds to without Secure Boot
        var blob: [UInt8] = []
        blob.append(littleEndian: registers)
        blob += try self.sealed(masterKey.key, type: KeyType.masterKey, by: tpm.secret).dropFirst(8)
        return self.protector(0x0100, Datum.encoded(role: 0, kind: .tpmBlob, content: blob))
    }

    /// A key entry of `type` around `secret`, sealed by `key`.
    mutating func sealed(
        _ secret: borrowing SecretBytes,
        type: UInt16,
        role: UInt16 = 0,
        by key: borrowing SecretBytes
    ) throws(VolumeEditError) -> [UInt8] {
        guard let nonce = self.nonces.next() else { throw .noncesExhausted }
        var head = Datum.header(size: 12 + secret.count, role: 0, kind: .key, flags: 0)
        head.append(littleEndian: type)
        head.append(littleEndian: 0 as UInt16)
        let entry = SecretBytes(count: head.count + secret.count) { entry in
            entry.copyBytes(from: head)
            secret.withSpan { secret in
                for index in secret.indices { entry[head.count + index] = secret[index] }
            }
        }
        let sealed = try entry.withSpan { entry throws(VolumeEditError) in
            do throws(AESCCM.Failure) {
                return try AESCCM(key: key).seal(entry, nonce: nonce)
            } catch {
                throw .noRoom
            }
        }
        return Datum.encoded(role: role, kind: .sealed, content: nonce + sealed.tag + sealed.text)
    }

    private func protector(_ protection: UInt16, _ entries: [UInt8]) -> [UInt8] {
        var content = self.id.windowsBytes
        content.append(littleEndian: self.time.ticks)
        content.append(littleEndian: 0 as UInt16)
        content.append(littleEndian: protection)
        return Datum.encoded(role: DatumRole.protector, kind: .protector, content: content + entries)
    }
}
