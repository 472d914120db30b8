/// The moments of a rotation at which a device can be stopped or its process killed.
///
/// They are in the order in which a device reaches them.
package enum DeviceStep: String, CaseIterable, Sendable {
    /// Told to add a protector, and nothing done yet.
    case beforeAdding = "before-adding"
    /// The new protector is in the first copy of the FVE metadata and not yet in the others.
    case whileAdding = "while-adding"
    /// The new protector is on the volume, and its secret is nowhere else.
    case afterAdding = "after-adding"
    /// The server has answered that it holds the new secret.
    case afterDepositing = "after-depositing"
    /// Told to remove the old protectors, and nothing done yet.
    case beforeRemoving = "before-removing"
    /// The old protectors are gone from the first copy of the FVE metadata and not yet from the others.
    case whileRemoving = "while-removing"
    /// The old protectors are gone from the volume, and the server does not know.
    case afterRemoving = "after-removing"
    /// The server knows that the old protectors are gone.
    case afterReporting = "after-reporting"
}

/// What happens to a device at a step.
package struct Interruption: Sendable {
    /// How it ends.
    package enum Kind: Sendable {
        /// The device does nothing more in this run.
        case deviceStops
        /// The whole process ends at once with status 137, as if it had been killed with signal 9: nothing is flushed,
        /// nothing cleaned up.
        case processDies
    }

    /// When.
    package let step: DeviceStep
    /// How it ends.
    package let kind: Kind

    /// Makes an interruption.
    package init(_ kind: Kind, at step: DeviceStep) {
        self.kind = kind
        self.step = step
    }
}
