import ArgumentParser

/// `sparekey audit …`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "The audit log: read it, take it away, and verify that nobody changed it.",
        subcommands: [AuditList.self, AuditReport.self, AuditExport.self, AuditVerify.self, AuditSinks.self]
    )
}
