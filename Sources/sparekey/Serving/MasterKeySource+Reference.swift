import EscrowCrypto

/// How a source goes to the process that reads it, and from there to its provider.
extension MasterKeySource {
    /// The source in words.
    var reference: MasterKeyReference {
        switch self {
        case .file(let path): MasterKeyReference(["kind": "file", "path": path])
        case .passphrase(let path): MasterKeyReference(["kind": "passphrase", "path": path])
        }
    }

    /// Reads the words; throws for those that are none of ``reference``'s.
    init(_ reference: MasterKeyReference) throws(Failure) {
        let settings = reference.settings
        switch (settings["kind"], settings["path"]) {
        case ("file", let path?): self = .file(path: path)
        case ("passphrase", let path?): self = .passphrase(path: path)
        default: throw Failure("a master key was named in words that this version does not know")
        }
    }

    /// Makes the provider that a reference means.
    static let resolver: MasterKeyResolver = { reference, isNew, notice in
        try MasterKeySource(reference).provider(isNew: isNew, notice: notice)
    }
}
