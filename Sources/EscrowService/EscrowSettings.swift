package import EscrowModel

/// How long things may take, how long they are kept, and what happens by itself.
package struct EscrowSettings: Equatable, Sendable {
    /// Whether a secret counts as escrowed only once it has been proven.
    package var isProofRequired = true
    /// How long an awaited secret may take before `pending` turns into `failed`.
    package var depositPatience = TimeSpan.hours(24)
    /// How long after a disclosure the key's rotation waits; nil: keys are not rotated after a disclosure.
    package var rotationDelayAfterDisclosure: TimeSpan? = .hours(1)
    /// How long after a reported recovery the key's rotation waits; nil: keys are not rotated after a recovery.
    package var rotationDelayAfterRecovery: TimeSpan? = .zero
    /// After which age a key is rotated; nil: keys do not age.
    package var rotationAge: TimeSpan?
    /// How long a requested rotation waits for its device before it expires.
    package var rotationDeliveryPatience = TimeSpan.days(30)
    /// How long a device may take for each step of a rotation.
    package var rotationStepPatience = TimeSpan.hours(24)
    /// How long after a failed automatic rotation the next is asked for.
    package var rotationRetryDelay = TimeSpan.hours(1)
    /// How long a superseded key is kept.
    package var supersededRetention = TimeSpan.days(90)
    /// How long the keys of a device are kept after it was retired; nil: for good.
    package var retiredRetention: TimeSpan? = .days(365)
    /// How often a device checks in.
    package var checkInInterval = TimeSpan.hours(1)
    /// How many proofs run at once; each occupies a core for a tenth of a second.
    package var proofConcurrency = 1
    /// How often the keyring is opened anew to see that it still opens.
    package var keyringCheckInterval = TimeSpan.hours(1)
    /// How many deposits may wait for a proof; those beyond are accepted unproven, and proven later.
    package var proofBacklog = 64
    /// What is asked of the witnesses of the audit log, where there are any.
    package var witnessPolicy = WitnessPolicy()
    /// Whether private keys are held by a process of their own.
    package var isOpenerSeparate = false

    /// How people sign in, and how long they stay.
    package var signIn = SignInSettings()

    /// Makes the default settings.
    package init() {}
}
