/// What the server asks of the witnesses of its audit log before it discloses anything.
package struct WitnessPolicy: Equatable, Sendable {
    /// What happens while too few witnesses have cosigned.
    package enum Mode: String, CaseIterable, Sendable {
        /// Nothing is disclosed.
        case require
        /// It is said, and disclosures go on.
        case warn
    }

    /// How many witnesses must have cosigned a checkpoint.
    package var required = 1
    /// What happens while fewer have.
    package var mode = Mode.warn
    /// How old a cosignature may be.
    package var maximumAge = TimeSpan.minutes(5)

    /// Makes the default policy.
    package init() {}
}
