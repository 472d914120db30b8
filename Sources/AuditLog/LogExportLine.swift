/// One line of an export, taken apart but not believed.
public enum LogExportLine: Sendable {
    /// The first line.
    case header(Header)
    /// An entry.
    case entry(Entry)
    /// A checkpoint.
    case checkpoint(SignedNote)

    /// What an export says of itself.
    public struct Header: Sendable {
        /// The log's identity.
        public let origin: String
        /// The keys that the export names as the log's.
        public let keys: [VerifierKey]
        /// The checkpoint at which the export ends.
        public let head: SignedNote
    }

    /// An entry as the line has it.
    public struct Entry: Sendable {
        /// The position in the log.
        public let index: UInt64
        /// The leaf.
        public let leaf: CanonicalJSON
        /// The salt; nil when the entry is redacted.
        public let salt: [UInt8]?
        /// The record; nil when the entry is redacted.
        public let record: CanonicalJSON?
    }

    /// Why a line is not one of an export.
    public struct Malformed: Error, Hashable, CustomStringConvertible {
        /// A clause for people.
        public let description: String
    }

    /// Reads a line, without its newline.
    public init(parsing bytes: [UInt8]) throws(Malformed) {
        let value: CanonicalJSON
        // The line's own object is around a record that may itself be as deep as is allowed.
        do { value = try CanonicalJSON(parsing: bytes, maximumDepth: CanonicalJSON.maximumDepth + 1) } catch {
            throw Malformed(description: error.description)
        }
        guard case .object(let object) = value else { throw Malformed(description: "it is not a JSON object") }
        if object["format"] != nil {
            self = .header(try Self.header(object))
        } else if object["i"] != nil {
            self = .entry(try Self.entry(object))
        } else if object["checkpoint"] != nil {
            self = .checkpoint(try Self.note(object))
        } else {
            throw Malformed(description: "it is neither an entry nor a checkpoint")
        }
    }

    private static func header(_ object: CanonicalJSON.Object) throws(Malformed) -> Header {
        guard object["format"] == .string(LogExport.format) else {
            throw Malformed(description: "its format is not \(LogExport.format)")
        }
        guard object["version"] == .integer(.init(integerLiteral: LogExport.version)) else {
            throw Malformed(description: "its format version is not 1; verify it with a newer release")
        }
        guard case .string(let origin)? = object["origin"] else { throw Malformed(description: "it names no origin") }
        guard case .array(let texts)? = object["vkeys"] else { throw Malformed(description: "it names no vkeys") }
        var keys: [VerifierKey] = []
        for text in texts {
            guard case .string(let text) = text else {
                throw Malformed(description: "one of its vkeys is not a string")
            }
            do { keys.append(try VerifierKey(text)) } catch { throw Malformed(description: error.description) }
        }
        return Header(origin: origin, keys: keys, head: try Self.note(object))
    }

    private static func entry(_ object: CanonicalJSON.Object) throws(Malformed) -> Entry {
        guard case .integer(let index)? = object["i"], let index = UInt64(exactly: index.value) else {
            throw Malformed(description: "its index \"i\" is not a whole number from 0 on")
        }
        guard let leaf = object["leaf"] else { throw Malformed(description: "record \(index) has no leaf") }
        let salt: [UInt8]?
        switch object["salt"] {
        case nil, .null?: salt = nil
        case .string(let text)?:
            guard let bytes = Base64.url.decode(Array(text.utf8)), bytes.count == LogEntry.saltByteCount else {
                throw Malformed(description: "the salt of record \(index) is not the base64url of 32 bytes")
            }
            salt = bytes
        default: throw Malformed(description: "the salt of record \(index) is neither a string nor null")
        }
        let record = object["record"] == .null ? nil : object["record"]
        return Entry(index: index, leaf: leaf, salt: salt, record: record)
    }

    private static func note(_ object: CanonicalJSON.Object) throws(Malformed) -> SignedNote {
        guard case .string(let text)? = object["checkpoint"] else {
            throw Malformed(description: "its checkpoint is not a string")
        }
        do { return try SignedNote(parsing: Array(text.utf8)) } catch {
            throw Malformed(description: error.description)
        }
    }
}
