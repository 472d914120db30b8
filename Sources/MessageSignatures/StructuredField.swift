import HTTPTypes
import RawStructuredFieldValues

/// Reads the structured fields (RFC 9651) that carry a signature, more strictly than the RFC asks.
///
/// A field must be there once, short, and, where `canonical` says so, written exactly as it would be serialized. So nothing
/// that another reader may see differently (a label twice, a parameter twice, odd spaces) is accepted.
enum StructuredField {
    /// The value of a field that must be there exactly once.
    static func value(of name: HTTPField.Name, in headers: HTTPFields) throws(SignatureError) -> String {
        let values = headers[values: name]
        guard let value = values.first else { throw .missingField(name.rawName) }
        guard values.count == 1 else { throw .repeatedField(name.rawName) }
        guard value.utf8.count <= SignatureProfile.longestField else { throw .malformedField(name.rawName) }
        return value
    }

    /// Reads a dictionary without repeated keys.
    static func dictionary(
        _ value: String,
        field: HTTPField.Name
    ) throws(SignatureError) -> OrderedMap<String, ItemOrInnerList> {
        var parser = StructuredFieldValueParser(Array(value.utf8))
        guard let members = try? parser.parseDictionaryFieldValue() else { throw .malformedField(field.rawName) }
        // The parser keeps the last of equal keys, as the RFC says, so what it dropped shows only in the count.
        guard members.count == Self.memberCount(of: value) else { throw .duplicateLabel(field: field.rawName) }
        return members
    }

    /// Reads the one member, labelled as the profile says, of a dictionary in canonical form.
    static func signatureMember(
        of name: HTTPField.Name,
        in headers: HTTPFields
    ) throws(SignatureError) -> ItemOrInnerList {
        let value = try Self.value(of: name, in: headers)
        let members = try Self.dictionary(value, field: name)
        guard members.count == 1, let member = members[SignatureProfile.label] else {
            throw .wrongLabel(field: name.rawName)
        }
        var serializer = StructuredFieldValueSerializer()
        guard let canonical = try? serializer.writeDictionaryFieldValue(members), canonical.elementsEqual(value.utf8)
        else { throw .malformedField(name.rawName) }
        return member
    }

    /// How many members a dictionary that parses has: one more than commas outside of strings.
    private static func memberCount(of value: String) -> Int {
        var count = value.utf8.contains { $0 != UInt8(ascii: " ") } ? 1 : 0
        var isInString = false
        var isEscaped = false
        for byte in value.utf8 {
            if isEscaped {
                isEscaped = false
            } else if isInString, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            } else if !isInString, byte == UInt8(ascii: ",") {
                count += 1
            }
        }
        return count
    }
}
