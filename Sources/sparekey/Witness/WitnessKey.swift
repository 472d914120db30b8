import ArgumentParser
import AuditLog
import Crypto

/// `sparekey witness key`.
struct WitnessKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Makes a witness's key, and prints the verifier key that logs are given."
    )

    @Option(help: ArgumentHelp("The witness's name, such as witness.example.com/w1.", valueName: "name"))
    var name: String

    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to make.", valueName: "file"))
    var output: String

    func run() throws {
        let seed = SymmetricKey(size: .bits256)
        let text: String
        do { text = try SigningKey.text(name: self.name, seed: seed) } catch {
            throw Failure("--name: \(error)", code: 64)
        }
        try SmallFile.create(self.output, Array((text + "\n").utf8))
        Console.print("\(try SigningKey(name: self.name, seed: seed).cosignerKey)")
    }
}
