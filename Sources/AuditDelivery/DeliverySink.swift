package import AuditFormats
package import EscrowModel

/// One sink as it is configured: what it gets, in which form, and how.
package struct DeliverySink: Sendable {
    /// Where it goes.
    package enum Route: Sendable {
        /// A syslog server.
        case syslog(SyslogDestination)
        /// A webhook.
        case webhook(WebhookDestination)
    }

    /// Its name, unique in the configuration.
    package let name: String
    /// Where it goes, in a few words.
    package let target: String
    /// The form of its entries.
    package let format: AuditFormat
    /// The events that it gets.
    package let selection: EventSelection
    /// Whether it gets the log from its beginning when it is new.
    package let fromBeginning: Bool
    let destination: any Destination

    /// Makes a sink of its parts.
    package init(
        name: String,
        target: String,
        format: AuditFormat,
        selection: EventSelection,
        fromBeginning: Bool,
        route: Route
    ) {
        self.name = name
        self.target = target
        self.format = format
        self.selection = selection
        self.fromBeginning = fromBeginning
        self.destination =
            switch route {
            case .syslog(let destination): destination
            case .webhook(let destination): destination
            }
    }
}
