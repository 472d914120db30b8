/// Whose a device is: the person whom it names as its owner. The device says so itself, as the organisation has set it up.
extension Caller {
    /// Whether a device that names this owner is the caller's: the whole name is theirs, in either case, byte for byte.
    /// `DOMAIN\kim` and `kim@example.com` are two names, and `kim` is a third.
    package func owns(deviceOf owner: String?) -> Bool {
        guard case .person = self.identity, let userName, !userName.isEmpty, let owner else { return false }
        return userName.lowercased().utf8.elementsEqual(owner.lowercased().utf8)
    }

    /// The same person at their own devices, where they are an owner whatever they are elsewhere, so that the rules of
    /// self-service hold for them too. Nil for all who are no person.
    package var asOwner: Caller? {
        guard case .person = self.identity else { return nil }
        return Caller(
            identity: self.identity,
            role: .owner,
            scope: .groups([]),
            source: self.source,
            userName: self.userName,
            authentication: self.authentication
        )
    }
}
