/// How long a text may be that somebody outside sends.
package enum Limits {
    /// The most characters in a name, serial, owner or label.
    package static let text = 255
    /// The most volumes in a check-in.
    package static let volumes = 64
    /// The most key protectors of a volume in a check-in.
    package static let protectors = 64
    /// The most keys that a volume keeps before deposits of different ones are refused: a stolen credential must not
    /// fill the store. Entra ID's own limit is 200 a device.
    package static let keysPerVolume = 1000

    /// Checks a text's length and that it has no control characters.
    ///
    /// Throws `EscrowError.invalid` naming the field.
    package static func check(
        text: String,
        field: String,
        characters: ClosedRange<Int> = 1...Limits.text
    ) throws(EscrowError) {
        guard characters.contains(text.count), text.utf8.count <= 4 * characters.upperBound else {
            throw .invalid(
                field: field,
                problem: "must be \(characters.lowerBound) to \(characters.upperBound) characters long"
            )
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .invalid(field: field, problem: "must not have control characters")
        }
    }
}
