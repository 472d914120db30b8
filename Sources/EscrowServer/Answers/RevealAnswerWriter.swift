import BitLocker
import EscrowModel
import EscrowService
import Hummingbird
import NIOCore

/// Writes the answer to a disclosure straight from the wiped secret, in the form of `EscrowAPI.RevealAnswer`: no string
/// and no encoder ever holds it. The network's buffers do, for as long as it takes to send them.
enum RevealAnswerWriter {
    /// The answer that discloses a secret.
    static func response(_ disclosed: borrowing DisclosedSecret) -> Response {
        var json = ByteBuffer()
        json.reserveCapacity(640)
        let key = disclosed.key
        json.writeString("{\"keyId\":\"\(key.protectorID)\",\"volumeId\":\"\(key.volumeID)\"")
        json.writeString(",\"type\":\"\(key.kind.rawValue)\",\"proof\":\"\(key.proof.rawValue)\"")
        switch disclosed.secret.kind {
        case .recoveryPassword:
            // Digits and dashes: nothing that JSON would have to escape.
            json.writeStaticString(",\"recoveryPassword\":\"")
            disclosed.secret.withBytes { digits in
                for index in digits.indices { json.writeInteger(digits[index]) }
            }
        case .recoveryKey:
            json.writeString(",\"fileName\":\"{\(key.protectorID.description.uppercased())}.BEK\"")
            json.writeStaticString(",\"recoveryKey\":\"")
            disclosed.secret.withBytes { Self.writeBase64($0, to: &json) }
        }
        json.writeStaticString("\"")
        if let rotation = disclosed.rotation { json.writeString(",\"rotationId\":\"\(rotation.id)\"") }
        json.writeString(",\"auditIndex\":\(disclosed.entry),\"receipt\":\"/log/proof/\(disclosed.entry)\"}")
        return JSONAnswer.response(json)
    }

    /// Base64 with padding (RFC 4648, section 4).
    static func writeBase64(_ bytes: Span<UInt8>, to buffer: inout ByteBuffer) {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        var at = 0
        while at < bytes.count {
            let count = min(3, bytes.count - at)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[at + offset]) : 0) }
            for place in 0..<4 {
                let value = Int(group >> UInt32(18 - 6 * place) & 0x3F)
                buffer.writeInteger(place <= count ? alphabet.utf8Start[value] : UInt8(ascii: "="))
            }
            at += count
        }
    }
}
