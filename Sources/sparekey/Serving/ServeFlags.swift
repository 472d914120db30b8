import ArgumentParser

/// The flags of `sparekey serve`.
struct ServeFlags: ParsableArguments {
    @Option(help: ArgumentHelp("The data directory; made when it is not there.", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "full does everything; ingest only takes deposits, and has no key that opens one (default: full).",
            valueName: "role"
        )
    )
    var role: String?

    @Option(
        help: ArgumentHelp(
            "With --role ingest: what `keyring export-ingest` wrote (default: DIR/ingest.json).",
            valueName: "file"
        )
    )
    var ingestFile: String?

    @Option(
        help: ArgumentHelp(
            "The algorithms of a new installation's keyring: p256 or xWing (default: p256).",
            valueName: "suite"
        )
    )
    var keyringSuite: String?

    @Option(help: ArgumentHelp("Where to listen (default: 127.0.0.1:8443).", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("A JSON file with settings; or SPAREKEY_CONFIG.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("PEM file: the server's certificate, then its chain.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("PEM file: the certificate's private key.", valueName: "file"))
    var tlsKey: String?

    @Flag(help: "Listen on the network without TLS: only behind a proxy that ends TLS.")
    var plainHttp = false

    @OptionGroup(title: "Where the master key is")
    var masterKey: MasterKeyOptions

    @Option(
        help: ArgumentHelp("Log from this level on: trace, debug, info, notice, warning, error.", valueName: "level")
    )
    var logLevel: String?

    @Option(
        help: ArgumentHelp("The audit log's name; fixed from the first start on.", valueName: "name")
    )
    var auditOrigin: String?

    @Option(
        help: ArgumentHelp(
            "The file with the audit log's latest checkpoint (default: DIR/checkpoint); best on another disk.",
            valueName: "file"
        )
    )
    var auditAnchor: String?

    @OptionGroup(title: "Witnesses of the audit log")
    var witnesses: ServeWitnesses
    @Option(help: ArgumentHelp("The file with device groups and disclosure rules.", valueName: "file"))
    var policy: String?

    @Option(
        help: ArgumentHelp(
            "The proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8,::1 (default: none).",
            valueName: "networks"
        )
    )
    var trustedProxies: String?

    @OptionGroup(title: "Who holds the private keys")
    var opener: OpenerFlags

    @OptionGroup(title: "How long things may take and are kept")
    var times: ServeTimes

    /// What was given.
    var settings: [Setting: String] {
        var settings: [Setting: String] = self.times.settings
        settings[.data] = self.data
        settings[.role] = self.role
        settings[.ingestFile] = self.ingestFile
        settings[.keyringSuite] = self.keyringSuite
        settings[.listen] = self.listen
        settings[.tlsCertificate] = self.tlsCertificate
        settings[.tlsKey] = self.tlsKey
        settings[.plainHTTP] = self.plainHttp ? "true" : nil
        settings.merge(self.masterKey.settings) { _, given in given }
        settings.merge(self.opener.settings) { _, given in given }
        settings[.logLevel] = self.logLevel
        settings[.auditOrigin] = self.auditOrigin
        settings[.auditAnchor] = self.auditAnchor
        settings.merge(self.witnesses.settings) { _, new in new }
        settings[.policyFile] = self.policy
        settings[.trustedProxies] = self.trustedProxies
        return settings
    }
}

/// The flags of `sparekey serve` that are about time, and proof.
struct ServeTimes: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: "Whether a secret counts only once it is proven (default: --require-proof)."
    )
    var requireProof: Bool?

    @Option(help: ArgumentHelp("How long an awaited secret may take (default: 24h).", valueName: "time"))
    var depositPatience: String?

    @Option(
        help: ArgumentHelp("Rotate a disclosed key after this, or never (default: 1h).", valueName: "time")
    )
    var rotationDelayAfterDisclosure: String?

    @Option(
        help: ArgumentHelp("Rotate a key that was used after this, or never (default: 0s).", valueName: "time")
    )
    var rotationDelayAfterRecovery: String?

    @Option(help: ArgumentHelp("Rotate a key of this age, or never (default: never).", valueName: "time"))
    var rotationAge: String?

    @Option(help: ArgumentHelp("How long a rotation waits for its device (default: 30d).", valueName: "time"))
    var rotationDeliveryPatience: String?

    @Option(help: ArgumentHelp("How long a device may take for each step (default: 24h).", valueName: "time"))
    var rotationStepPatience: String?

    @Option(
        help: ArgumentHelp("How long after a failed rotation the next one comes (default: 1h).", valueName: "time")
    )
    var rotationRetryDelay: String?

    @Option(help: ArgumentHelp("How long a replaced key is kept (default: 90d).", valueName: "time"))
    var supersededRetention: String?

    @Option(
        help: ArgumentHelp(
            "How long a retired device's keys are kept, or never purged (default: 365d).",
            valueName: "time"
        )
    )
    var retiredRetention: String?

    @Option(help: ArgumentHelp("How often devices check in (default: 1h).", valueName: "time"))
    var checkInInterval: String?

    @Option(help: ArgumentHelp("How many proofs run at once (default: 1).", valueName: "count"))
    var proofConcurrency: String?

    @Option(help: ArgumentHelp("How many deposits may wait for a proof (default: 64).", valueName: "count"))
    var proofBacklog: String?

    @Option(help: ArgumentHelp("How often deadlines are enforced and keys purged (default: 10s).", valueName: "time"))
    var maintenanceInterval: String?

    @Option(
        help: ArgumentHelp(
            "How often the keyring is opened anew to see that it still opens (default: 1h).",
            valueName: "time"
        )
    )
    var keyringCheckInterval: String?

    /// What was given.
    var settings: [Setting: String] {
        var settings: [Setting: String] = [:]
        settings[.keyringCheckInterval] = self.keyringCheckInterval
        settings[.requireProof] = self.requireProof.map { String($0) }
        settings[.depositPatience] = self.depositPatience
        settings[.rotationDelayAfterDisclosure] = self.rotationDelayAfterDisclosure
        settings[.rotationDelayAfterRecovery] = self.rotationDelayAfterRecovery
        settings[.rotationAge] = self.rotationAge
        settings[.rotationDeliveryPatience] = self.rotationDeliveryPatience
        settings[.rotationStepPatience] = self.rotationStepPatience
        settings[.rotationRetryDelay] = self.rotationRetryDelay
        settings[.retiredRetention] = self.retiredRetention
        settings[.supersededRetention] = self.supersededRetention
        settings[.checkInInterval] = self.checkInInterval
        settings[.proofConcurrency] = self.proofConcurrency
        settings[.proofBacklog] = self.proofBacklog
        settings[.maintenanceInterval] = self.maintenanceInterval
        return settings
    }
}

/// The flags of `sparekey serve` that are about witnesses.
struct ServeWitnesses: ParsableArguments {
    @Option(
        name: .customLong("witness"),
        help: ArgumentHelp(
            "A witness's address, a space, and its verifier key; can be repeated.",
            valueName: "url key"
        )
    )
    var witnesses: [String] = []

    @Option(help: ArgumentHelp("How many must have cosigned lately (default: 1).", valueName: "count"))
    var witnessesRequired: String?

    @Option(
        help: ArgumentHelp(
            "While fewer have: require (nothing is disclosed) or warn (default: warn).",
            valueName: "mode"
        )
    )
    var witnessMode: String?

    @Option(help: ArgumentHelp("How old a cosignature may be (default: 5m).", valueName: "time"))
    var witnessMaximumAge: String?

    /// What was given.
    var settings: [Setting: String] {
        var settings: [Setting: String] = [:]
        settings[.witnesses] = self.witnesses.isEmpty ? nil : self.witnesses.joined(separator: ",")
        settings[.witnessesRequired] = self.witnessesRequired
        settings[.witnessMode] = self.witnessMode
        settings[.witnessMaximumAge] = self.witnessMaximumAge
        return settings
    }
}
