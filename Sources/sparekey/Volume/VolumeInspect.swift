import ArgumentParser
import BitLocker
import EscrowModel

/// `sparekey volume inspect`.
struct VolumeInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Says how a volume is protected, by its FVE metadata; asks for no secret.",
        discussion: "Exits with 1 when IMAGE is no BitLocker volume or has no valid metadata."
    )

    @Argument(help: "The volume: a file or a block device.", completion: .file())
    var image: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let volume = try Self.read(self.image, failureCode: 1)
        let description = VolumeDescription(volume)
        if self.json {
            try Console.print(json: description)
        } else {
            Self.print(description)
        }
        if volume.newest == nil { throw Failure("\(self.image): no copy of the FVE metadata is valid") }
    }

    /// Reads a volume's metadata. Throws a `Failure` with the given exit code.
    static func read(_ image: String, failureCode code: Int32) throws(Failure) -> VolumeMetadata {
        do throws(VolumeAccessError) {
            return try VolumeMetadata(readingFileAt: image)
        } catch {
            throw Failure("\(image): \(error)", code: code)
        }
    }

    private static func print(_ volume: VolumeDescription) {
        Console.print("Volume ID   \(volume.volumeId.map(\.description) ?? "unknown")")
        Console.print("Made by     \(Self.maker(volume.kind))")
        Console.print("Encryption  \(volume.encryptionMethod ?? "unknown")")
        if let description = volume.description { Console.print("Description \(description)") }
        for condition in volume.conditions { Console.print("Note        \(Self.explain(condition))") }
        for copy in volume.copies {
            let place = copy.offset.map { "at byte \($0)" } ?? "somewhere"
            let state = copy.problem ?? "valid, nonce counter \(copy.nextNonce ?? 0)"
            Console.print("Metadata    copy \(copy.index) \(place): \(state)")
        }
        Console.print("")
        var table = Table("KEY PROTECTOR", "KIND", "MODIFIED", "NAME")
        for protector in volume.protectors {
            table.add(protector.id.description, protector.kind, protector.modified.description, protector.name ?? "")
        }
        table.print(ifEmpty: "No key protectors.")
    }

    private static func maker(_ kind: String) -> String {
        switch VolumeHeader.Kind(rawValue: kind) {
        case .vista: "Windows Vista"
        case .windows7: "Windows 7 or later"
        case .toGo: "BitLocker To Go"
        case nil: kind
        }
    }

    private static func explain(_ condition: String) -> String {
        switch VolumeCondition(rawValue: condition) {
        case .suspended: "protection is suspended: a clear key is on the volume, and anybody can open it"
        case .usedSpaceOnly: "only used space is encrypted"
        case .partlyEncrypted: "encryption or decryption is not finished"
        case .notEncrypted: "the volume is not encrypted"
        case .copiesDiffer: "the copies of the metadata differ: a change was not finished"
        case .copiesDamaged: "not all copies of the metadata are valid"
        case .unsupportedKeyDerivation: "a key protector derives its key in a way that is not supported"
        case nil: condition
        }
    }
}
