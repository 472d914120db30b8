/// Why a key service cannot be used. Nothing in it is a secret.
package enum TransitError: Error, Hashable, Sendable {
    /// The address is not one; `why` says what it must be.
    case badAddress(why: String)
    /// A name has characters that do not go into a path.
    case badName(what: String)
    /// The file with certificates cannot be read.
    case badCAFile(path: String)
    /// There is no connection; `reason` is the network's word for it.
    case unreachable(reason: String)
    /// The service's certificate is not to be believed.
    case untrusted(reason: String)
    /// There was no answer in time.
    case timedOut
    /// The service is sealed: it has not got its own keys.
    case sealed
    /// The service is busy, or not the active one, and stayed so.
    case busy(status: Int)
    /// The token is not, or no longer, good.
    case badToken(file: String)
    /// The role ID or the secret ID is not good.
    case badAppRole(secretIDFile: String)
    /// The token is good and may not do this.
    case permissionDenied(path: String)
    /// Nothing is mounted at the path.
    case noMount(String)
    /// The engine has no key of the name.
    case noKey(name: String, mount: String)
    /// The answer is not one of those that are expected; `message` is the service's own word, shortened.
    case unexpected(status: Int, message: String)
}

extension TransitError: CustomStringConvertible {
    /// What is wrong and what to do.
    package var description: String {
        switch self {
        case .badAddress(let why): "its address \(why)."
        case .badName(let what): "the \(what) may have letters, digits, dots, hyphens and underscores only."
        case .badCAFile(let path): "\(path) has no certificate that can be read. It must be a PEM file."
        case .unreachable(let reason):
            "there is no connection to it (\(reason)). Check the address, the network, and that it runs."
        case .untrusted(let reason):
            "its certificate is not to be believed (\(reason)). Check the address, or name the file with the certificate "
                + "authority that it has (--transit-ca-file)."
        case .timedOut: "it did not answer in time. Check that it runs and is well."
        case .sealed: "it is sealed. Unseal it, then start again."
        case .busy(let status): "it answered with status \(status) twice. Try again later, or see to it."
        case .badToken(let file):
            "it does not know the token in \(file), or no longer. Put a token there that is good."
        case .badAppRole(let file):
            "it does not accept the role ID with the secret ID in \(file). Make a new secret ID and put it there, and check "
                + "the role ID."
        case .permissionDenied(let path):
            "permission denied for \(path). Give the token a policy that has the capability \"update\" on it; "
                + "and if the key is not there, make it."
        case .noMount(let mount):
            "nothing is mounted at \(mount). Enable the transit engine there, or name its mount (--transit-mount)."
        case .noKey(let name, let mount):
            "there is no key \"\(name)\" in \(mount). Check the name, or restore the key; one is only made for a new "
                + "installation."
        case .unexpected(let status, let message):
            "it answered with status \(status)\(message.isEmpty ? "" : ": \(message)"). Is it OpenBao or Vault, and the key "
                + "one of type aes256-gcm96?"
        }
    }
}
