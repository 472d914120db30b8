import BitLocker
import EscrowService
import HTTPTypes

/// The fields of a form that a browser sent (`application/x-www-form-urlencoded`), in memory that is wiped.
final class FormFields: Sendable {
    private let fields: [String: Password]
    private let texts: [String: String]

    /// Reads a form. Refuses what is no form, a field that is there twice, and text that is not UTF-8.
    ///
    /// - Parameter secrets: the fields that are kept as secrets, and as nothing else.
    init(_ content: RequestContent, of headers: HTTPFields, secrets: Set<String> = []) throws(Problem) {
        let type = (headers[.contentType] ?? "").lowercased().prefix { $0 != ";" && $0 != " " }
        guard type == "application/x-www-form-urlencoded" else {
            throw .unsupportedMediaType("Send a form.", field: "Content-Type")
        }
        var bytes = content.copy()
        defer { bytes.wipe() }
        var fields: [String: Password] = [:]
        var texts: [String: String] = [:]
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decoded(parts[0], plusIsSpace: true),
                var value = PercentEncoding.bytes(parts.count == 2 ? parts[1] : [], plusIsSpace: true),
                let text = secrets.contains(name) ? "" : String(validating: value, as: UTF8.self)
            else { throw .invalid(field: "body", "is not a form in UTF-8") }
            defer { value.wipe() }
            let isNew =
                secrets.contains(name)
                ? fields.updateValue(Password(SecretBytes(copying: value.span)), forKey: name) == nil
                : texts.updateValue(text, forKey: name) == nil
            guard isNew else { throw .invalid(field: "body", "has a field twice") }
        }
        self.fields = fields
        self.texts = texts
    }

    /// A field's text; empty when it is not there.
    func text(_ name: String) -> String { self.texts[name] ?? "" }

    /// A field that is a secret; empty when it is not there.
    func secret(_ name: String) -> Password { self.fields[name] ?? Password(SecretBytes(count: 0) { _ in }) }
}
