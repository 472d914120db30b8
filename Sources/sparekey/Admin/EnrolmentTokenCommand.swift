import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey enrolment-token …`: what devices enrol with.
struct EnrolmentTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrolment-token",
        abstract: "Enrolment tokens: what devices enrol with, into one group.",
        discussion: """
            A device uses its enrolment token once, to get a credential of its own. Enrolment tokens can be made and \
            revoked on the server's own machine only: give --data.
            """,
        subcommands: [EnrolmentTokenCreate.self, EnrolmentTokenList.self, EnrolmentTokenRevoke.self]
    )
}

/// `sparekey enrolment-token create`.
struct EnrolmentTokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes an enrolment token and prints it alone on standard output. It cannot be shown again."
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: "What to call it, in lists and in the audit log.")
    var name = "enrolment"

    @Option(help: "The group that its devices join; tokens can be limited to groups.")
    var group = "default"

    @Option(help: ArgumentHelp("How many devices may enrol with it (default: any number).", valueName: "count"))
    var maximumUses: Int?

    @Option(help: ArgumentHelp("After what time it ends by itself, such as 7d (default: never).", valueName: "time"))
    var expiresIn: TimeSpan?

    func run() async throws {
        let request = CreateEnrolmentTokenRequest(
            name: self.name,
            group: self.group,
            maximumUses: self.maximumUses,
            expiresAt: self.expiresIn.map { Installation.clock() + $0 }
        )
        let answer: NewTokenAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/enrolment-tokens", request)
        }
        Console.print(answer.token)
    }
}

/// `sparekey enrolment-token list`.
struct EnrolmentTokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the enrolment tokens, revoked and expired ones too, without their secrets."
    )

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let page: PageDocument<EnrolmentTokenDocument> = try await AdminConnection.with(self.admin) {
            try await $0.get("/api/enrolment-tokens")
        }
        guard !self.json else { return try Console.print(json: page.items) }
        var table = Table("ID", "NAME", "GROUP", "USES", "CREATED", "ENDS", "REVOKED")
        for token in page.items {
            table.add(
                token.id.description,
                token.name,
                token.group,
                token.maximumUses.map { "\(token.uses) of \($0)" } ?? "\(token.uses)",
                token.createdAt.description,
                token.expiresAt?.description ?? "never",
                token.revokedAt?.description ?? ""
            )
        }
        table.print(ifEmpty: "There are no enrolment tokens.")
    }
}

/// `sparekey enrolment-token revoke`.
struct EnrolmentTokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Ends an enrolment token at once. Devices that have enrolled with it stay enrolled."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The token's ID, as `enrolment-token list` shows it.")
    var id: GUID

    func run() async throws {
        let token: EnrolmentTokenDocument = try await AdminConnection.with(self.admin) {
            try await $0.delete("/api/enrolment-tokens/\(self.id)")
        }
        Console.error("\(token.name) is revoked.")
    }
}
