import FoundationEssentials
import JWTKit

/// A compact JWS (RFC 7515) whose signature is still to be verified.
package struct SignedToken: Sendable {
    private static let longest = 64 * 1024

    private let text: String
    let algorithm: TokenAlgorithm
    private let keyID: String?
    /// What it says that it is (`typ`), in lower case.
    let type: String?

    /// Reads a token's header. Refuses every algorithm that is not among ours, and what it wants understood that is not known.
    package init(_ text: String) throws(TokenProblem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 3, let bytes = Base64URL.decode(parts[0]),
            Base64URL.decode(parts[1]) != nil, Base64URL.decode(parts[2]) != nil,
            let header = try? JSONDecoder().decode([String: ClaimValue].self, from: Data(bytes))
        else { throw .malformed }
        guard let algorithm = header["alg"]?.text.flatMap({ TokenAlgorithm(rawValue: $0) }) else { throw .algorithm }
        guard header["crit"] == nil else { throw .type }
        // A key ID that is no text is not the same as none.
        guard header["kid"] == nil || header["kid"]?.text != nil else { throw .malformed }
        self.text = text
        self.algorithm = algorithm
        self.keyID = header["kid"]?.text
        self.type = header["typ"]?.text?.lowercased()
    }

    /// Its claims, when one of the provider's keys has signed them.
    package func claims(by keys: ProviderKeys) async throws(TokenProblem) -> Claims {
        guard let key = keys.key(id: self.keyID, for: self.algorithm) else { throw .unknownKey }
        // A collection of one key, of one algorithm: there is nothing that the token could choose.
        let collection = JWTKeyCollection()
        do { try await collection.add(jwk: key) } catch { throw .unknownKey }
        do { return try await collection.verify(self.text, as: Claims.self) } catch {
            if let error = error as? JWTError, error.errorType == .signatureVerificationFailed { throw .signature }
            throw .malformed
        }
    }
}
