import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey approval approve`.
struct ApprovalApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Lets the requester see the key, once. You do not see it."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The approval's ID.")
    var approval: GUID

    func run() async throws { try await ApprovalAnswer.send("approve", self.approval, self.admin) }
}

/// `sparekey approval deny`.
struct ApprovalDeny: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny",
        abstract: "Refuses a request, or takes an approval back that was not used."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The approval's ID.")
    var approval: GUID

    func run() async throws { try await ApprovalAnswer.send("deny", self.approval, self.admin) }
}

/// `sparekey approval cancel`.
struct ApprovalCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Takes your own request back."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The approval's ID.")
    var approval: GUID

    func run() async throws { try await ApprovalAnswer.send("cancel", self.approval, self.admin) }
}

/// What the three have in common.
private enum ApprovalAnswer {
    static func send(_ verb: String, _ approval: GUID, _ admin: AdminOptions) async throws {
        let answer: ApprovalDocument = try await AdminConnection.with(admin) {
            try await $0.post("/api/approvals/\(approval)/\(verb)")
        }
        Console.print("\(answer.id) is \(answer.state.rawValue)")
    }
}
