/// What a faulty device does wrong.
package enum Fault: String, CaseIterable, Sendable {
    /// Stops for good after it added a protector and before it deposited the secret.
    case diesAfterAdding = "dies-after-adding"
    /// Stops for good after it deposited the new secret and before it removed the old protector.
    case diesAfterDepositing = "dies-after-depositing"
    /// Deposits a recovery password that does not open the volume.
    case wrongPassword = "wrong-password"
    /// Checks in and does nothing that it is told to do.
    case neverAnswers = "never-answers"
    /// Replaces its recovery password by itself once the first is in escrow, reports the new protector and never
    /// deposits it.
    case undepositedProtector = "undeposited-protector"

    /// The interruption that the fault consists of, if it is one.
    var interruption: Interruption? {
        switch self {
        case .diesAfterAdding: Interruption(.deviceStops, at: .afterAdding)
        case .diesAfterDepositing: Interruption(.deviceStops, at: .afterDepositing)
        case .wrongPassword, .neverAnswers, .undepositedProtector: nil
        }
    }
}
