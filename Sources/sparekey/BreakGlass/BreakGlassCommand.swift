import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey break-glass …`: emergency access.
struct BreakGlassCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "break-glass",
        abstract: "Emergency access for when nobody can sign in: shares in safes, of which some open it, once.",
        subcommands: [BreakGlassSetUp.self, BreakGlassOpen.self, BreakGlassStatus.self, BreakGlassRevoke.self]
    )
}

/// `sparekey break-glass status`.
struct BreakGlassStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what is set up and what became of earlier setups; the newest first."
    )

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let page: PageDocument<BreakGlassDocument> = try await AdminConnection.with(self.admin) {
            try await $0.get(APIPath.breakGlass)
        }
        guard !self.json else { return try Console.print(json: page.items) }
        var table = Table("SETUP", "STATE", "SHARES", "ROLE", "FOR", "SET UP", "OPENED", "ENDS", "REVOKED")
        for setup in page.items {
            table.add(
                setup.id.description,
                setup.state.rawValue,
                "\(setup.threshold) of \(setup.shares)",
                setup.role.rawValue,
                TimeSpan.seconds(setup.windowSeconds).description,
                setup.createdAt.description,
                setup.openedAt?.description ?? "",
                setup.endsAt?.description ?? "",
                setup.revokedAt?.description ?? ""
            )
        }
        table.print(ifEmpty: "Nothing is set up; `sparekey break-glass setup` does it.")
    }
}

/// `sparekey break-glass revoke`.
struct BreakGlassRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Ends a setup, and what it opened, at once. Doing it twice does no harm."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The setup's ID, as `break-glass status` shows it.")
    var id: GUID

    func run() async throws {
        let setup: BreakGlassDocument = try await AdminConnection.with(self.admin) {
            try await $0.delete("\(APIPath.breakGlass)/\(self.id)")
        }
        Console.error(
            setup.openedAt == nil ? "Its shares open nothing any more." : "Its token is revoked; nobody is in by it."
        )
    }
}
