import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowCrypto
import EscrowModel

/// `sparekey break-glass setup`.
struct BreakGlassSetUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Sets emergency access up and prints its shares on standard output, this once.",
        discussion: """
            The secret is made here, and split; the server gets what it can recognise it by, and nothing else. Give each \
            share to another person, on paper. Any `threshold` of them open the access, once; after that a new setup is \
            needed. An earlier setup that was not opened is revoked.

            Can be done on the server's own machine only: give --data.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: "How many shares to make, 2 to 20.")
    var shares = 5

    @Option(help: "How many of them open the access.")
    var threshold = 3

    @Option(help: "What whoever opens it may do, on every device: helpdesk or administrator.")
    var role = Role.helpdesk

    @Option(help: ArgumentHelp("For how long it can be used once it is open, 5m to 24h.", valueName: "time"))
    var window = TimeSpan.minutes(60)

    @Flag(help: "Print JSON.")
    var json = false

    /// What `--json` prints.
    private struct Output: Encodable {
        let id: GUID
        let threshold: Int
        let shares: [String]
    }

    func validate() throws {
        guard BreakGlassSetup.shareCounts.contains(self.shares) else {
            throw ValidationError("--shares must be 2 to 20.")
        }
        guard (2...self.shares).contains(self.threshold) else {
            throw ValidationError("--threshold must be 2 to the number of shares.")
        }
    }

    func run() async throws {
        ProcessHardening.apply()
        var generator = SystemRandomNumberGenerator()
        let id = GUID.random(using: &generator)
        let secret = BreakGlassSecret.generate(using: &generator)
        let shares = try secret.split(setup: id, into: self.shares, threshold: self.threshold, using: &generator)
        let salt = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let verifier = secret.verifier(salt: salt)
        // What is typed in one day is read back now, while a mistake costs nothing.
        let texts = shares.map { $0.reveal() }
        let read = try texts.suffix(self.threshold).map { try BreakGlassShare($0) }
        guard try BreakGlassSecret(read).matches(verifier: verifier, salt: salt) else {
            throw Failure("the shares that were made do not give the secret back; nothing was set up. Report this")
        }
        let request = SetUpBreakGlassRequest(
            id: id,
            shares: self.shares,
            threshold: self.threshold,
            role: self.role,
            windowSeconds: self.window.milliseconds / 1000,
            salt: salt,
            verifier: verifier
        )
        let setup: BreakGlassDocument = try await AdminConnection.with(self.admin) {
            try await $0.post(APIPath.breakGlass, request)
        }
        guard !self.json else {
            return try Console.print(json: Output(id: id, threshold: self.threshold, shares: texts))
        }
        for (share, text) in zip(shares, texts) {
            Console.print(
                "Sparekey break-glass share \(share.number) of \(self.shares); any \(self.threshold) open it"
            )
            Console.print("setup \(id), \(setup.createdAt)")
            for line in stride(from: 0, to: 80, by: 20) {
                Console.print("  " + text.dropFirst(line).prefix(19))
            }
            Console.print("")
        }
        Console.error(
            "Set up. Give each share to another person and clear this screen: they cannot be shown again."
        )
    }
}
