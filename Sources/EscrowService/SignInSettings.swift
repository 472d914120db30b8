package import EscrowCrypto
package import EscrowModel

/// How people sign in, and how long they stay.
package struct SignInSettings: Equatable, Sendable {
    /// The server's address as browsers have it, without a slash at its end; nil where nobody knows it.
    package var publicURL: String?
    /// The identity provider that vouches for people, by its issuer; nil where there is none.
    package var issuer: String?
    /// After how long without a request a session ends.
    package var idle = TimeSpan.minutes(15)
    /// After how long it ends whatever happens.
    package var lifetime = TimeSpan.hours(12)
    /// How long somebody may take between password and one-time password, or at an identity provider.
    package var stepPatience = TimeSpan.minutes(10)
    /// How long the link of an invitation works.
    package var invitationLifetime = TimeSpan.hours(72)
    /// How long the link for the first administrator works.
    package var firstRunLifetime = TimeSpan.hours(1)
    /// How much work it is to check a password.
    package var passwordCost = ScryptCost.standard

    /// Makes the default settings.
    package init() {}

    /// Where the link of an invitation leads; only a path where the server's address is not known.
    func link(of token: String) -> String { "\(self.publicURL ?? "")/invitation/\(token)" }
}
