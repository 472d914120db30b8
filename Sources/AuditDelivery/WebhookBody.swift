import AuditLog

/// What is posted to a webhook: one JSON object with a batch of entries.
enum WebhookBody {
    /// The object's bytes.
    static func bytes(of batch: Batch, sink: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batch.messages.reduce(256) { $0 + $1.text.count + 1 })
        bytes.append(contentsOf: "{\"first\":\(batch.first),\"last\":\(batch.last),\"log\":".utf8)
        Self.append(batch.origin, to: &bytes)
        bytes.append(contentsOf: ",\"sink\":".utf8)
        Self.append(sink, to: &bytes)
        bytes.append(contentsOf: ",\"events\":[".utf8)
        for (number, message) in batch.messages.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: message.text)
        }
        bytes.append(contentsOf: "]}".utf8)
        return bytes
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        CanonicalJSON.string(text).encode(into: &bytes)
    }
}
