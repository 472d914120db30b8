import FoundationEssentials
import JWTKit

/// The public keys that a provider publishes (RFC 7517), as far as they can verify its tokens. Others are passed over: a
/// provider may publish what is not for us.
package struct ProviderKeys: Sendable {
    private struct Key: Sendable {
        let id: String?
        let type: String
        let curve: String?
        let algorithm: String?
        let members: [String: ClaimValue]
    }

    /// How many keys are looked at.
    private static let most = 100
    private let keys: [Key]

    /// Reads a key set; nil when it is none.
    package init?(json: [UInt8]) {
        guard let set = try? JSONDecoder().decode([String: ClaimValue].self, from: Data(json)),
            case .list(let list)? = set["keys"]
        else { return nil }
        self.keys = list.prefix(Self.most).compactMap { item in
            guard let members = item.members, let type = members["kty"]?.text, ["RSA", "EC", "OKP"].contains(type),
                members["use"]?.text ?? "sig" == "sig",
                members["key_ops"].map({ $0.texts.contains("verify") }) ?? true
            else { return nil }
            return Key(
                id: members["kid"]?.text,
                type: type,
                curve: members["crv"]?.text,
                algorithm: members["alg"]?.text,
                members: members
            )
        }
    }

    /// The one key that a token can be signed with: of the ID that it names and of the kind that its algorithm takes. One that
    /// names none has a key only when there is no choice. Never a key that the token itself brings or points to.
    func key(id: String?, for algorithm: TokenAlgorithm) -> JWK? {
        let wanted = algorithm.key
        let fitting = self.keys.filter { key in
            key.type == wanted.type && (wanted.curve == nil || key.curve == wanted.curve)
                && key.algorithm ?? algorithm.rawValue == algorithm.rawValue && (id == nil || key.id == id)
        }
        guard fitting.count == 1, let members = fitting.first?.members,
            let name = JWK.Algorithm(rawValue: algorithm.rawValue)
        else { return nil }
        // Only the public members are taken over.
        let own = JWKIdentifier(string: id ?? "")
        let (x, y) = (members["x"]?.text, members["y"]?.text)
        switch algorithm.key.type {
        case "RSA":
            return .rsa(name, identifier: own, modulus: members["n"]?.text, exponent: members["e"]?.text)
        case "EC":
            let curve = wanted.curve.flatMap { ECDSACurve(rawValue: $0) }
            return .ecdsa(name, identifier: own, x: x, y: y, curve: curve)
        default:
            let curve = wanted.curve.flatMap { EdDSACurve(rawValue: $0) }
            return .octetKeyPair(name, identifier: own, x: x, y: nil, curve: curve)
        }
    }
}
