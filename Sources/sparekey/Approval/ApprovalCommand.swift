import ArgumentParser
import BitLocker
import EscrowAPI
import EscrowModel

/// `sparekey approval …`.
struct ApprovalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approval",
        abstract: "Disclosures that somebody else must approve.",
        subcommands: [
            ApprovalList.self, ApprovalAsk.self, ApprovalApprove.self, ApprovalDeny.self, ApprovalCancel.self,
        ]
    )
}

/// `sparekey approval list`.
struct ApprovalList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists approvals, the newest first."
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: "Only those in this state: \(Approval.State.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: Approval.State?

    @Option(help: ArgumentHelp("How many at most (default: all).", valueName: "count"))
    var limit: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        var query = Query()
        query.add("state", self.state?.rawValue)
        let approvals: [ApprovalDocument] = try await AdminConnection.with(self.admin) { [query, limit] in
            try await $0.list("/api/approvals", query, limit: limit)
        }
        guard !self.json else { return try Console.print(json: approvals) }
        var table = Table("APPROVAL", "STATE", "DEVICE", "REQUESTER", "REASON", "TICKET", "EXPIRES", "DECIDED BY")
        for approval in approvals {
            table.add(
                approval.id.description,
                approval.state.rawValue,
                approval.deviceName,
                approval.requester.name,
                approval.reason.rawValue,
                approval.ticket ?? "",
                approval.expiresAt.description,
                approval.decider?.name ?? ""
            )
        }
        table.print(ifEmpty: "There are no such approvals.")
    }
}

/// `sparekey approval request`.
struct ApprovalAsk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Asks somebody else to approve a disclosure, and prints the request's ID.",
        discussion:
            "Once it is approved, `sparekey key reveal` with the same key, reason, ticket and comment works once."
    )

    @OptionGroup var admin: AdminOptions

    @Argument(help: "The device's ID or its exact name.")
    var device: String

    @Option(help: ArgumentHelp("The whole Key ID (default: the current key).", valueName: "id"))
    var keyId: GUID?

    @Option(help: ArgumentHelp("Which volume, when the device has several with keys.", valueName: "id"))
    var volume: GUID?

    @Option(help: "Why: \(DisclosureReason.Code.allCases.map(\.rawValue).joined(separator: ", ")).")
    var reason: DisclosureReason.Code

    @Option(help: "The ticket that it belongs to.")
    var ticket: String?

    @Option(help: "A few words; needed when the reason is other.")
    var comment: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let approval: ApprovalDocument = try await AdminConnection.with(self.admin) { connection in
            try await connection.post(
                "/api/approvals",
                ApprovalRequest(
                    deviceId: try await connection.device(self.device),
                    keyId: self.keyId,
                    volumeId: self.volume,
                    reason: self.reason,
                    ticket: self.ticket,
                    comment: self.comment
                )
            )
        }
        guard !self.json else { return try Console.print(json: approval) }
        Console.print(approval.id.description)
        let state = approval.state == .requested ? "It waits for an answer" : "It is \(approval.state.rawValue)"
        Console.error("\(state), until \(approval.expiresAt).")
    }
}
