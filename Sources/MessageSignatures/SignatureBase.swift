/// The text that a signature is made over (RFC 9421, section 2.5).
package struct SignatureBase: Sendable {
    /// The text: a line a component, then the parameters.
    package let text: String

    /// Writes the base.
    ///
    /// - Parameters:
    ///   - components: names and values in the order of the signature's own list; values must have no line breaks, which
    ///     would let one component pass for two.
    ///   - parameters: the covered components with the signature parameters, serialized as in `Signature-Input`.
    package init(components: [(name: String, value: String)], parameters: String) {
        var text = ""
        for component in components {
            text += "\"\(component.name)\": \(component.value)\n"
        }
        self.text = text + "\"@signature-params\": \(parameters)"
    }

    /// Writes the base of a request, for the components in the order given.
    init(
        of request: SignedRequest,
        contentDigest: String,
        components: [SignatureComponent],
        parameters: String
    ) throws(SignatureError) {
        var values: [(name: String, value: String)] = []
        for component in components {
            let value =
                switch component {
                case .method: request.method
                case .path: request.path
                // The question mark is part of the value (RFC 9421, section 2.2.7).
                case .query: "?" + (request.query ?? "")
                case .contentDigest: contentDigest
                }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .malformedRequest(component: component.rawValue)
            }
            values.append((component.rawValue, value))
        }
        self.init(components: values, parameters: parameters)
    }
}
