/// How and when a person proved who they are: what a rule that wants a fresh sign-in looks at.
package struct Authentication: Equatable, Sendable {
    /// When they did, by the word of whoever checked it: this server, or the provider's `auth_time`.
    package let time: Timestamp
    /// By what, as RFC 8176 names it: `pwd`, `otp`, `mfa`, `hwk` and so on; sorted, empty when a provider did not say.
    package let methods: [String]
    /// The provider's authentication context (`acr`), where it said one.
    package let context: String?

    /// Makes one from its parts; methods are sorted.
    package init(time: Timestamp, methods: [String], context: String? = nil) {
        self.time = time
        self.methods = methods.sorted()
        self.context = context
    }
}
