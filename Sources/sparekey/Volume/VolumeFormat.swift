import ArgumentParser
import BitLocker
import FoundationEssentials

/// `sparekey volume format`.
struct VolumeFormat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "format",
        abstract: "Makes a new BitLocker volume in a new file, for tests and demonstrations.",
        discussion: """
            The volume is a real one: whatever opens volumes of Windows opens it. Standard output has its recovery \
            password and nothing else. An existing file is never overwritten.
            """
    )

    @Argument(help: "The file to make.", completion: .file())
    var image: String

    @Option(help: ArgumentHelp("How large, a multiple of 4096 and at least 2MiB.", valueName: "bytes"))
    var size = ByteCount(4 << 20)

    @Option(
        help: ArgumentHelp("Encrypt this file system image instead of zeros.", valueName: "file"),
        completion: .file()
    )
    var from: String?

    @Option(help: "How to encrypt: \(VolumeFormatter.Method.allCases.map(\.rawValue).joined(separator: " or ")).")
    var method = VolumeFormatter.Method.xts128

    @Option(
        help: ArgumentHelp(
            "Add a protector of a simulated TPM, and put its key into this new file.",
            valueName: "file"
        )
    )
    var tpmKeyFile: String?

    @Option(help: "What the metadata says about the volume.")
    var description = "SPAREKEY OSDisk"

    @Flag(help: "Print JSON.")
    var json = false

    /// What the command prints as JSON.
    private struct Answer: Encodable {
        var volumeId: GUID
        var protectorId: GUID
        var recoveryPassword: String
        var tpmProtectorId: GUID?
    }

    func run() throws {
        var generator = SystemRandomNumberGenerator()
        let password = RecoveryPassword.generate(using: &generator)
        let tpm = self.tpmKeyFile == nil ? nil : SimulatedTPM.generate(using: &generator)
        if let path = self.tpmKeyFile, let tpm { try SmallFile.create(path, tpm.keyBytes) }
        let made: VolumeFormatter.Result
        do throws(VolumeEditError) {
            made = try VolumeFormatter(method: self.method, description: self.description).format(
                newFileAt: self.image,
                content: self.from.map { .fileSystem(imageAt: $0) } ?? .empty(size: self.size.bytes),
                recoveryPassword: password,
                simulatedTPM: tpm,
                now: Date(),
                using: &generator
            )
        } catch {
            throw Failure("\(self.image): \(error)")
        }
        guard self.json else { return Console.print(password.digits) }
        try Console.print(
            json: Answer(
                volumeId: made.volumeID,
                protectorId: made.recoveryPasswordProtector,
                recoveryPassword: password.digits,
                tpmProtectorId: made.tpmProtector
            )
        )
    }
}
