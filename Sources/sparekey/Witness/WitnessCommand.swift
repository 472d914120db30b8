import ArgumentParser

/// `sparekey witness …`.
struct WitnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract:
            "Watches over audit logs from another machine: cosigns a log's checkpoint if it extends the last one.",
        discussion: """
            A log that was put back to an older state, or rewritten, gets no cosignature any more. Run it where whoever runs \
            the server is not in charge. Make its key with `sparekey witness key`. It keeps one small file a log, which \
            must never be restored from a backup.
            """,
        subcommands: [WitnessServe.self, WitnessKey.self],
        defaultSubcommand: WitnessServe.self
    )
}
