import ArgumentParser

/// The flags of `sparekey serve` that are about who holds the private keys.
struct OpenerFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "process: a process of its own, which opens only what is on the log; or inProcess (default: process).",
            valueName: "place"
        )
    )
    var opener: String?

    @Option(
        help: ArgumentHelp(
            "How many keys the opener opens for a caller within an hour, or never (default: 1000).",
            valueName: "count"
        )
    )
    var openerCallerCap: String?

    @Option(
        help: ArgumentHelp("How many it opens within an hour in total, or never (default: 5000).", valueName: "count")
    )
    var openerTotalCap: String?

    /// What was given.
    var settings: [Setting: String] {
        var settings: [Setting: String] = [:]
        settings[.opener] = self.opener
        settings[.openerCallerCap] = self.openerCallerCap
        settings[.openerTotalCap] = self.openerTotalCap
        return settings
    }
}
