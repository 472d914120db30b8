/// Why a PKCS #11 token cannot be used.
package enum PKCS11Error: Error, Hashable, Sendable {
    /// The shared library cannot be loaded; `reason` is the loader's word for it.
    case moduleDoesNotLoad(path: String, reason: String)
    /// The shared library is not a PKCS #11 module.
    case notAModule(path: String)
    /// No token has the label; `present` are those that are there, `blank` how many are not initialised.
    case noToken(label: String, present: [String], blank: Int)
    /// Several tokens have the label.
    case severalTokens(label: String, serials: [String])
    /// The token has no user PIN yet.
    case noPINSet(token: String)
    /// Too many wrong PINs were tried.
    case pinLocked(token: String)
    /// One more wrong PIN would lock the token, so none was tried.
    case finalTry(token: String)
    /// The PIN is wrong.
    case wrongPIN(token: String, remaining: Remaining)
    /// The PIN must be changed before it can be used.
    case pinExpired(token: String)
    /// The token has no key of the label.
    case noKey(key: String, token: String)
    /// The token has several keys of the label.
    case severalKeys(key: String, token: String)
    /// The key is of a kind that cannot wrap.
    case unsuitableKey(key: String, token: String)
    /// The token cannot encrypt with AES-GCM, or cannot make AES keys.
    case mechanismMissing(name: String, token: String)
    /// The token does not take a new key; `code` is PKCS #11's.
    case keyNotMade(token: String, code: UInt)
    /// A call failed; `code` is PKCS #11's.
    case failed(function: String, code: UInt)
    /// The token did not answer.
    case timedOut(seconds: Int)

    /// How many wrong PINs a token still takes, as far as it says.
    package enum Remaining: Hashable, Sendable {
        /// It does not say.
        case unknown
        /// Few: some were wrong since the last right one.
        case few
        /// One.
        case one
        /// None: this one locked it.
        case none
    }
}

extension PKCS11Error: CustomStringConvertible {
    /// What is wrong and what to do.
    package var description: String {
        switch self {
        case .moduleDoesNotLoad(let path, let reason):
            "the PKCS #11 module \(path) cannot be loaded (\(reason)). Check the path, and that this user may read it."
        case .notAModule(let path):
            "\(path) is a library but not a PKCS #11 module: it has no C_GetFunctionList. Name the module that came with "
                + "the token."
        case .noToken(let label, let present, let blank):
            "there is no token \"\(label)\". \(Self.list(present, blank: blank)) Check the label and the module's own "
                + "configuration."
        case .severalTokens(let label, let serials):
            "\(serials.count) tokens are called \"\(label)\" (serial numbers \(serials.joined(separator: ", "))). Give "
                + "yours a label of its own."
        case .noPINSet(let token):
            "the token \"\(token)\" has no user PIN yet. Set one with the token's tools, such as pkcs11-tool --init-pin."
        case .pinLocked(let token):
            "the PIN of the token \"\(token)\" is locked after too many wrong ones. Its security officer can set a new one "
                + "with the token's tools, such as pkcs11-tool --init-pin."
        case .finalTry(let token):
            "one more wrong PIN locks the token \"\(token)\", so none was tried. Log in once with the right PIN by the "
                + "token's tools, such as pkcs11-tool --login --list-objects, which sets the count back; then check the "
                + "PIN file and start again."
        case .wrongPIN(let token, let remaining):
            "the PIN for the token \"\(token)\" is wrong. \(remaining.text)Check the first line of the PIN file before "
                + "you try again."
        case .pinExpired(let token):
            "the PIN of the token \"\(token)\" must be changed first. Do it with the token's tools, such as pkcs11-tool "
                + "--change-pin, and write the new one to the PIN file."
        case .noKey(let key, let token):
            "the token \"\(token)\" has no AES key \"\(key)\". Check the key's label, or restore the key to the token; "
                + "a key is only made for a new installation."
        case .severalKeys(let key, let token):
            "the token \"\(token)\" has several keys \"\(key)\". Give the right one a label of its own."
        case .unsuitableKey(let key, let token):
            "the key \"\(key)\" in the token \"\(token)\" is not an AES key that may encrypt and decrypt."
        case .mechanismMissing(let name, let token):
            "the token \"\(token)\" does not offer \(name), which Sparekey needs. Use another token, or another source of "
                + "the master key."
        case .keyNotMade(let token, let code):
            "the token \"\(token)\" did not make a key (\(Self.text(of: code))). Make an AES-256 key that can encrypt and "
                + "decrypt with the token's tools."
        case .failed(let function, let code): "\(function) failed with \(Self.text(of: code))."
        case .timedOut(let seconds): "the token did not answer within \(seconds) seconds."
        }
    }

    private static func list(_ present: [String], blank: Int) -> String {
        let labels = present.map { "\"\($0)\"" }.joined(separator: ", ")
        let named = present.isEmpty ? "The module has no initialised token" : "The module has \(labels)"
        return blank == 0 ? named + "." : named + ", and \(blank) not initialised."
    }

    private static func text(of code: UInt) -> String { PKCS11Code.text(of: code) }
}

extension PKCS11Error.Remaining {
    fileprivate var text: String {
        switch self {
        case .unknown: ""
        case .few: "The token takes only a few more wrong ones before it locks. "
        case .one: "The token locks at the next wrong one. "
        case .none: "That was the last one: the token is locked now. "
        }
    }
}
