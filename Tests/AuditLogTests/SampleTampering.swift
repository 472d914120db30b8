import AuditLog
import Foundation

/// What somebody with a text editor and this library, but without the log's key, can do to a line of an export.
enum SampleTampering {
    static func edited(_ line: String, _ edit: (inout CanonicalJSON.Object) -> Void) -> String {
        guard case .object(var object)? = try? CanonicalJSON(parsing: Array(line.utf8)) else { return line }
        edit(&object)
        return String(decoding: object.bytes, as: UTF8.self)
    }

    static func renumber(_ line: inout String, by step: Int64) {
        line = self.edited(line) { object in
            guard case .integer(let index)? = object["i"] else { return }
            object["i"] = .integer(.init(clamping: index.value + step))
        }
    }

    /// The entry with another record, and the leaf that fits to it.
    static func rewritten(_ line: String, record: CanonicalJSON.Object) -> String {
        self.edited(line) { object in
            guard let salt = try? LogExportLine(parsing: Array(line.utf8)).salt,
                let entry = try? LogEntry(
                    index: 0,
                    time: 1_795_519_380_000,
                    kind: "key.reveal",
                    record: record,
                    salt: salt
                ),
                let leaf = try? CanonicalJSON(parsing: entry.leaf.bytes)
            else { return }
            object["record"] = .object(record)
            object["leaf"] = leaf
        }
    }

    /// The note with one character of its signature changed.
    static func withForgedSignature(_ line: String) -> String {
        self.edited(line) { object in
            guard case .string(let note)? = object["checkpoint"] else { return }
            var characters = Array(note)
            let at = characters.count - 20
            characters[at] = characters[at] == "A" ? "B" : "A"
            object["checkpoint"] = .string(String(characters))
        }
    }
}

extension LogExportLine {
    fileprivate var salt: [UInt8]? {
        guard case .entry(let entry) = self else { return nil }
        return entry.salt
    }
}

extension String {
    /// Replaces the first occurrence, and drops as many characters after it as are said.
    mutating func replace(_ old: String, with new: String, dropping count: Int = 0) {
        guard let range = self.firstRange(of: old) else { return }
        let end = self.index(range.upperBound, offsetBy: count)
        self.replaceSubrange(range.lowerBound..<end, with: new)
    }
}
