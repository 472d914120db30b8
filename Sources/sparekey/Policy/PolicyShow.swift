import ArgumentParser
import EscrowAPI

/// `sparekey policy show`.
struct PolicyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Prints the policy file that is in force."
    )

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let policy: PolicyAnswer = try await AdminConnection.with(self.admin) { try await $0.get("/api/policy") }
        guard let content = policy.content else { return Console.error("There is no policy file.") }
        Console.error("policy \(policy.digest)")
        Console.print(bytes: Array(content.utf8))
    }
}
