import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey token …`: credentials of people's clients and scripts.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "API tokens: what people's clients and scripts get in with.",
        discussion: "Tokens can be made and revoked on the server's own machine only: give --data.",
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self]
    )
}

/// `sparekey token create`.
struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes a token and prints it alone on standard output. It cannot be shown again.",
        discussion: """
            Roles: reader sees devices and statuses, and no secret; helpdesk also discloses keys and asks for rotations; \
            administrator also retires devices, holds keys and reads the audit log; auditor reads the audit log, and no \
            secret.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: "What its holder may do: \(Role.ofTokens.map(\.rawValue).joined(separator: ", ")).")
    var role: Role

    @Option(help: "What to call it, in lists and in the audit log (default: the role).")
    var name: String?

    @Option(
        name: .customLong("group"),
        help: ArgumentHelp(
            "A device group that it is for; can be repeated (default: every device).",
            valueName: "group"
        )
    )
    var groups: [String] = []

    @Option(help: ArgumentHelp("After what time it ends by itself, such as 90d (default: never).", valueName: "time"))
    var expiresIn: TimeSpan?

    func run() async throws {
        let request = CreateTokenRequest(
            name: self.name ?? self.role.rawValue,
            role: self.role,
            groups: self.groups.isEmpty ? nil : self.groups,
            expiresAt: self.expiresIn.map { Installation.clock() + $0 }
        )
        let answer: NewTokenAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/tokens", request)
        }
        Console.print(answer.token)
    }
}

/// `sparekey token list`.
struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the tokens, revoked and expired ones too, without their secrets."
    )

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let page: PageDocument<TokenDocument> = try await AdminConnection.with(self.admin) {
            try await $0.get("/api/tokens")
        }
        guard !self.json else { return try Console.print(json: page.items) }
        var table = Table("ID", "NAME", "ROLE", "GROUPS", "CREATED", "ENDS", "REVOKED")
        for token in page.items {
            table.add(
                token.id.description,
                token.name,
                token.role.rawValue,
                token.groups?.joined(separator: ",") ?? "every",
                token.createdAt.description,
                token.expiresAt?.description ?? "never",
                token.revokedAt?.description ?? ""
            )
        }
        table.print(ifEmpty: "There are no tokens.")
    }
}

/// `sparekey token revoke`.
struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Ends a token at once. Doing it twice does no harm."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The token's ID, as `token list` shows it.")
    var id: GUID

    func run() async throws {
        let token: TokenDocument = try await AdminConnection.with(self.admin) {
            try await $0.delete("/api/tokens/\(self.id)")
        }
        Console.error("\(token.name) is revoked.")
    }
}
