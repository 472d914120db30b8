import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey account …`: people who sign in with a password here.
struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Accounts: people who sign in here, with a password and one-time passwords.",
        discussion: "Accounts are looked after on the server's own machine only: give --data.",
        subcommands: [AccountInvite.self, AccountList.self, AccountDisable.self, AccountReset.self]
    )
}

/// `sparekey account invite`.
struct AccountInvite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Makes an account and prints the link that lets its person in, once, within three days."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The user name: letters, digits, dots, hyphens, underscores and @.")
    var userName: String

    @Option(help: "What its person may do: \(Role.allValueStrings.joined(separator: ", ")).")
    var role: Role

    @Option(help: "The person's name, for lists and the audit log (default: the user name).")
    var name: String?

    @Option(
        name: .customLong("group"),
        help: ArgumentHelp(
            "A device group that it is for; can be repeated (default: every device).",
            valueName: "group"
        )
    )
    var groups: [String] = []

    func run() async throws {
        let request = InviteRequest(
            userName: self.userName,
            name: self.name ?? self.userName,
            role: self.role,
            groups: self.groups.isEmpty ? nil : self.groups
        )
        let answer: InvitationAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/accounts", request)
        }
        Console.print(answer.link)
    }
}

/// `sparekey account list`.
struct AccountList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the accounts.")

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let page: PageDocument<AccountDocument> = try await AdminConnection.with(self.admin) {
            try await $0.get("/api/accounts")
        }
        guard !self.json else { return try Console.print(json: page.items) }
        var table = Table("ID", "USER NAME", "NAME", "ROLE", "GROUPS", "STATE", "CREATED")
        for account in page.items {
            table.add(
                account.id.description,
                account.userName,
                account.name,
                account.role.rawValue,
                account.groups?.joined(separator: ",") ?? "every",
                account.state.rawValue,
                account.createdAt.description
            )
        }
        table.print(ifEmpty: "There are no accounts.")
    }
}

/// `sparekey account disable`.
struct AccountDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Disables an account; its sessions end at once. Doing it twice does no harm."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The account's ID, as `account list` shows it.")
    var id: GUID

    func run() async throws {
        let account: AccountDocument = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/accounts/\(self.id)/disable", [String: String]())
        }
        Console.error("\(account.userName) is disabled.")
    }
}

/// `sparekey account reset`.
struct AccountReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Takes an account's password and one-time passwords away, and prints the link to choose new ones."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The account's ID, as `account list` shows it.")
    var id: GUID

    func run() async throws {
        let answer: InvitationAnswer = try await AdminConnection.with(self.admin) {
            try await $0.post("/api/accounts/\(self.id)/reset", [String: String]())
        }
        Console.print(answer.link)
    }
}
