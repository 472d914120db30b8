import ArgumentParser
import EscrowPolicy

/// `sparekey policy …`.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "The file with device groups and disclosure rules.",
        subcommands: [PolicyCheck.self, PolicyShow.self, PolicyExplain.self]
    )
}

/// `sparekey policy check`.
struct PolicyCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a policy file, without any server.",
        discussion: """
            Says what is wrong with line and key, and ends with 1; the server would refuse the file. What can be used but \
            can never matter, or never be met, is a warning. docs/policy.md describes the file.
            """
    )

    @Argument(help: "The policy file.", completion: .file())
    var file: String

    func run() throws {
        let policy = try PolicyFile.read(self.file)
        for warning in PolicyReview(policy).warnings { Console.error("\(self.file): warning: \(warning)") }
        let (groups, rules) = (policy.groups.count, policy.rules.rules.count)
        Console.print("\(self.file) can be used: groups \(groups), rules \(rules), policy \(policy.digest)")
    }
}
