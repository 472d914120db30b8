import HTTPTypes
import MessageSignatures

/// A moment at which the signatures among the seeds hold, in seconds since 1970-01-01 UTC.
let seedTime: Int64 = 1_764_000_000

/// A request's signature is read or refused: what anybody may send, before anything is known of them.
///
/// The input is a line each of method, target, `Signature-Input`, `Signature` and `Content-Digest`; the rest is the body.
func feedRequestSignature(_ input: [UInt8]) {
    let parts = input.split(separator: UInt8(ascii: "\n"), maxSplits: 5, omittingEmptySubsequences: false)
    guard parts.count == 6 else { return }
    let lines = parts[..<5].map { String(decoding: $0, as: UTF8.self) }
    let target = lines[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var headers = HTTPFields()
    headers[.signatureInput] = lines[2]
    headers[.signature] = lines[3]
    headers[.contentDigest] = lines[4]
    let request = SignedRequest(
        method: lines[0],
        path: target.first ?? "",
        query: target.count == 2 ? target[1] : nil,
        headers: headers,
        body: Array(parts[5])
    )
    guard let signature = try? RequestSignature(of: request, at: seedTime) else { return }
    expect((1...128).contains(signature.keyID.utf8.count), "a key ID is of the length that the profile allows")
    var changed = request
    changed.body.append(0)
    expect((try? RequestSignature(of: changed, at: seedTime)) == nil, "the digest covers the body")
}
