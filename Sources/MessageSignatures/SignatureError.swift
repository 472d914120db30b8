/// Why a request's signature is not accepted: one case for each thing that can be wrong.
package enum SignatureError: Error, Hashable, Sendable {
    /// A header field that the signature needs is not there.
    case missingField(String)
    /// A header field that must be there once is there several times.
    case repeatedField(String)
    /// A header field is not a structured field (RFC 9651) of the right shape, is not in canonical form, or is too long.
    case malformedField(String)
    /// The method, the path or the query has a control character in it.
    case malformedRequest(component: String)
    /// The same label is there twice in one field.
    case duplicateLabel(field: String)
    /// There is a signature under another label than the profile's, or none under it.
    case wrongLabel(field: String)
    /// The signature does not cover something that it must cover.
    case missingComponent(String)
    /// The signature covers something that it must not cover.
    case unexpectedComponent(String)
    /// The signature covers something twice.
    case repeatedComponent(String)
    /// A signature parameter is not there.
    case missingParameter(String)
    /// A signature parameter has the wrong type, length or characters.
    case malformedParameter(String)
    /// There is a signature parameter that the profile does not have.
    case unexpectedParameter(String)
    /// The algorithm is another than the profile's.
    case unsupportedAlgorithm
    /// The signature was made for another purpose.
    case wrongTag
    /// The signature's end is not after its beginning.
    case endsBeforeItBegins
    /// The signature holds for longer than the profile allows.
    case lifetimeTooLong(seconds: Int64)
    /// The signature was made in the future by the server's clock.
    case createdInTheFuture(seconds: Int64)
    /// The signature has ended by the server's clock.
    case expired(secondsAgo: Int64)
    /// There is no SHA-256 in `Content-Digest`.
    case unsupportedDigest
    /// The content is not the one that was signed.
    case digestMismatch
    /// The signature is not 64 bytes or not a pair of numbers of the curve.
    case malformedSignature
    /// The signature was not made with this key over this request.
    case wrongSignature
    /// The same signature was used before.
    case replayed
    /// The key has made more requests in the time window than are remembered for one key.
    case tooManyRequestsOfKey
    /// All keys together have made more requests in the time window than are remembered.
    case tooManyRequests
}

extension SignatureError: CustomStringConvertible {
    /// What is wrong and what whoever writes an agent does about it.
    package var description: String {
        switch self {
        case .missingField(let field): "The header field \(field) is missing."
        case .repeatedField(let field): "The header field \(field) must be there exactly once."
        case .malformedField(let field):
            "The header field \(field) is not a structured field in canonical form (RFC 9651)."
        case .malformedRequest(let component): "The \(component) contains a control character."
        case .duplicateLabel(let field): "The header field \(field) has one label twice."
        case .wrongLabel(let field):
            "The header field \(field) must have exactly one signature, labelled \(SignatureProfile.label)."
        case .missingComponent(let name): "The signature must cover \(name)."
        case .unexpectedComponent(let name): "The signature must not cover \(name)."
        case .repeatedComponent(let name): "The signature covers \(name) twice."
        case .missingParameter(let name): "The signature parameter \(name) is missing."
        case .malformedParameter(let name): "The signature parameter \(name) has the wrong type, length or characters."
        case .unexpectedParameter(let name): "The signature must not have the parameter \(name)."
        case .unsupportedAlgorithm: "The signature algorithm must be \(SignatureProfile.algorithm)."
        case .wrongTag: "The signature's tag must be \(SignatureProfile.tag)."
        case .endsBeforeItBegins: "The signature's parameter expires must be later than created."
        case .lifetimeTooLong(let seconds):
            "The signature holds for \(seconds) s; at most \(SignatureProfile.longestLifetime) s are allowed."
        case .createdInTheFuture(let seconds):
            "The signature was made \(seconds) s in the future; set the device's clock, or go by the Date of this answer."
        case .expired(let seconds):
            "The signature ended \(seconds) s ago; set the device's clock, or go by the Date of this answer."
        case .unsupportedDigest: "The header field Content-Digest must have a sha-256 digest of 32 bytes (RFC 9530)."
        case .digestMismatch: "The content is not the one that Content-Digest was made of."
        case .malformedSignature: "The signature must be the 64 bytes r || s (RFC 9421, section 3.3.4)."
        case .wrongSignature: "The signature was not made with this key over this request."
        case .replayed: "This signature was used before; sign each request with a new nonce."
        case .tooManyRequestsOfKey: "This device has sent too many requests in a few minutes; try again later."
        case .tooManyRequests: "The server has had too many signed requests in a few minutes; try again later."
        }
    }
}
