package import EscrowModel

/// The identity provider that people sign in with, and what its claims come to here.
package struct OpenIDSettings: Equatable, Sendable {
    /// The provider, as its tokens and its metadata name it, to the letter.
    package var issuer: String
    /// What we are to it.
    package var clientID: String
    /// Our own address as browsers have it, without a slash at its end.
    package var publicURL: String
    /// What people call the provider.
    package var name: String
    /// What is asked for.
    package var scopes: String = "openid profile email"
    /// Who may do what.
    package var roles = RoleMapping()
    /// The claim that devices name their owner by.
    package var userNameClaim = "preferred_username"
    /// How long ago somebody may have signed in at the provider; nil for as long as the provider likes.
    package var maximumAge: TimeSpan?
    /// The authentication contexts (`acr`) that will do; any when empty.
    package var contexts: [String] = []
    /// Whether claims are asked for at the user info endpoint too, for providers that put few into the ID token.
    package var asksUserInfo = false
    /// Whether the page for signing in begins with the provider alone, and accounts of our own are a link.
    package var areAccountsHidden = false

    /// Makes settings with the defaults.
    package init(issuer: String, clientID: String, publicURL: String, name: String? = nil) {
        self.issuer = issuer
        self.clientID = clientID
        self.publicURL = publicURL
        self.name = name ?? String(issuer.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" })
    }

    /// Where the provider leads browsers back to.
    package var redirectURI: String { self.publicURL + "/sign-in/callback" }
    /// Where it leads them after a sign-out.
    package var signedOutURI: String { self.publicURL + "/signed-out" }
}
