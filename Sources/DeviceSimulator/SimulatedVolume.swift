package import BitLocker
package import EscrowModel
import FoundationEssentials

/// A volume of a simulated device: a file with real FVE metadata, and what the device unlocks it with.
package struct SimulatedVolume: Sendable {
    /// The file with the volume.
    package let image: String
    /// What unlocks it.
    let keys: UnlockingKeys

    /// Makes a volume of an image and of the folder that its keys are in.
    package init(image: String, secrets folder: String) {
        self.image = image
        self.keys = UnlockingKeys(folder: folder)
    }

    /// What Windows would say about the volume.
    package struct Description {
        /// The volume ID.
        package let id: GUID
        /// Whether BitLocker guards it.
        package let protection: Volume.Protection
        /// How much of it is encrypted, 0 to 100.
        package let encryptedPercentage: Int
        /// The key protectors that Windows lists; a clear key is not one of them.
        package let protectors: [ReportedProtector]
    }

    /// A protector's secret as a deposit carries it.
    package struct Secret {
        /// Which kind it is.
        package let kind: SecretKind
        /// The 48 digits, or the `.BEK` file in Base64.
        package let text: String
    }

    /// What Windows would say about the volume now.
    package func description() throws -> Description {
        let metadata = try self.newest()
        return Description(
            id: metadata.volumeID,
            protection: metadata.protectors.contains { $0.kind == .clearKey } ? .suspended : .on,
            encryptedPercentage: metadata.conversionState == .encrypted ? 100 : 50,
            protectors: metadata.protectors.compactMap { protector in
                ReportedProtector.Kind(protector.kind).map { ReportedProtector(id: protector.id, kind: $0) }
            }
        )
    }

    /// Sector 0 and one copy of the FVE metadata, in Base64.
    package func upload() throws -> String {
        let upload = try MetadataUpload(from: VolumeMetadata(readingFileAt: self.image))
        return Data(upload.bytes).base64EncodedString()
    }

    /// Makes the three copies alike after a write that was interrupted. True when there was something to do.
    package func finishInterruptedWrite() throws -> Bool {
        let conditions = try VolumeMetadata(readingFileAt: self.image).conditions
        guard conditions.contains(.copiesDiffer) || conditions.contains(.copiesDamaged) else { return false }
        var editor = try self.keys.open(self.image)
        guard let repair = editor.planRepair() else { return false }
        try editor.apply(repair)
        return true
    }

    /// Adds a protector with a new secret.
    ///
    /// - Parameter afterFirstCopy: called when the first copy of the metadata is written and the others are not.
    package func addProtector(_ kind: SecretKind, afterFirstCopy: () throws -> Void) throws -> GUID {
        var generator = SystemRandomNumberGenerator()
        var editor = try self.keys.open(self.image)
        let plan: MetadataRewrite
        switch kind {
        case .recoveryPassword:
            let password = RecoveryPassword.generate(using: &generator)
            plan = try editor.planAdding(password, now: Date(), using: &generator)
            if let protector = plan.addedProtector { try self.keys.keep(password, of: protector) }
        case .recoveryKey:
            let protector = GUID.random(using: &generator)
            let key = RecoveryKey.generate(protectorID: protector, created: FileTime(Date()), using: &generator)
            plan = try editor.planAdding(key, now: Date())
            try self.keys.keep(key)
        }
        guard let added = plan.addedProtector else {
            throw SimulatorError.unusableImage(path: self.image, problem: "no protector was added")
        }
        try Self.apply(plan, with: &editor, afterFirstCopy)
        return added
    }

    /// Removes protectors, one rewrite each.
    package func removeProtectors(_ protectors: [GUID], afterFirstCopy: () throws -> Void) throws {
        var editor = try self.keys.open(self.image)
        for protector in protectors {
            let plan = try editor.planRemoving(protector, now: Date())
            try Self.apply(plan, with: &editor, afterFirstCopy)
        }
    }

    /// The secret of a recovery protector that is on the volume.
    ///
    /// - Parameter wrong: gives a recovery password that is well formed and not the protector's; the same each time.
    package func secret(of protector: GUID, wrong: Bool) throws -> Secret {
        switch try self.newest().protector(protector)?.kind {
        case .recoveryPassword:
            let editor = try self.keys.open(self.image)
            let password = try editor.recoveryPassword(of: protector)
            if wrong, let other = password.withBytes({ RecoveryPassword(bytes: $0.inverted) }) {
                return Secret(kind: .recoveryPassword, text: other.text)
            }
            return Secret(kind: .recoveryPassword, text: password.text)
        case .externalKey:
            return Secret(kind: .recoveryKey, text: try self.keys.recoveryKeyFile(of: protector).base64EncodedString())
        default:
            throw SimulatorError.unusableImage(path: self.image, problem: "it has no recovery protector \(protector)")
        }
    }

    private func newest() throws -> FVEMetadata {
        guard let metadata = try VolumeMetadata(readingFileAt: self.image).newest else {
            throw SimulatorError.unusableImage(path: self.image, problem: "no copy of its metadata is valid")
        }
        return metadata
    }

    private static func apply(
        _ plan: MetadataRewrite,
        with editor: inout VolumeEditor,
        _ afterFirstCopy: () throws -> Void
    ) throws {
        var isFirst = true
        try editor.apply(plan) { _ in
            if isFirst { try afterFirstCopy() }
            isFirst = false
        }
    }
}

extension ReportedProtector.Kind {
    /// The kind that Windows reports; nil for a clear key, which Windows does not list.
    init?(_ kind: KeyProtector.Kind) {
        switch kind {
        case .clearKey: return nil
        case .tpm: self = .tpm
        case .externalKey: self = .recoveryKey
        case .tpmPIN: self = .tpmAndPIN
        case .tpmStartupKey: self = .tpmAndStartupKey
        case .tpmPINStartupKey: self = .tpmAndPINAndStartupKey
        case .recoveryPassword: self = .recoveryPassword
        case .smartCard: self = .publicKey
        case .passphrase: self = .passphrase
        case .unknown: self = .other
        }
    }
}

extension RecoveryPassword {
    /// The digits in a string, which nothing wipes: for simulated devices only.
    var text: String { self.withDigits { digits in String(decoding: digits.array, as: UTF8.self) } }
}

extension Span<UInt8> {
    /// The bytes.
    var array: [UInt8] { self.indices.map { self[$0] } }
    /// The bytes with every bit the other way.
    var inverted: [UInt8] { self.indices.map { ~self[$0] } }
}
