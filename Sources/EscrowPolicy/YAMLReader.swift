import EscrowModel
import Yams

/// Takes values out of YAML strictly, and keeps all that is wrong with where it stands: a key that is not known, a value of
/// another kind, a word that there is not.
struct YAMLReader {
    private(set) var problems: [PolicyFileError.Problem] = []

    /// The most entries of a list.
    private static let mostEntries = 1000

    /// Parses a text into its one document.
    static func parse(_ text: String) throws(PolicyFileError) -> Node {
        func problem(_ line: Int?, _ text: String) -> PolicyFileError {
            PolicyFileError(problems: [PolicyFileError.Problem(line: line, key: "", text: text)])
        }
        // The file comes from a person; one that is larger is another file.
        guard text.utf8.count <= 64 * 1024 else { throw problem(nil, "the file has more than 64 KiB") }
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch let error as YamlError {
            switch error {
            case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _),
                .composer(_, let what, let mark, _):
                throw problem(mark.line, "is not YAML: \(what)")
            case .duplicatedKeysInMapping(let keys, let context):
                throw problem(context.mark.line, "the key \(keys.joined(separator: ", ")) is there twice")
            case .no, .memory, .reader, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
                throw problem(nil, "the file is not YAML in UTF-8")
            }
        } catch {
            throw problem(nil, "the file is not YAML in UTF-8")
        }
        guard let root else { throw problem(nil, "the file is empty; it must have groups, rules or both") }
        return root
    }

    /// Notes a problem.
    mutating func note(_ node: Node, _ key: String, _ text: String) {
        self.problems.append(PolicyFileError.Problem(line: node.mark?.line, key: key, text: text))
    }

    /// The values of a mapping by their keys, of which it may have these only.
    mutating func fields(_ node: Node, _ path: String, _ known: [String]) -> [String: Node] {
        guard case .mapping(let mapping) = node else {
            self.note(node, path, "must have keys and values: \(known.joined(separator: ", "))")
            return [:]
        }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, known.contains(name) else {
                let name = key.scalar.map { $0.string.prefix(40) } ?? "?"
                let place = path.isEmpty ? String(name) : "\(path).\(name)"
                self.note(key, place, "is not a key; here can be \(known.joined(separator: ", "))")
                continue
            }
            fields[name] = value
        }
        return fields
    }

    /// The entries of a list, of which there is at least one.
    mutating func entries(_ node: Node, _ path: String) -> [(node: Node, path: String)] {
        guard case .sequence(let list) = node else {
            self.note(node, path, "must be a list")
            return []
        }
        guard (1...Self.mostEntries).contains(list.count) else {
            self.note(node, path, "must have 1 to \(Self.mostEntries) entries")
            return []
        }
        return list.enumerated().map { ($0.element, "\(path)[\($0.offset)]") }
    }

    /// A text.
    mutating func text(_ node: Node, _ path: String, characters: ClosedRange<Int> = 1...255) -> String? {
        guard case .scalar(let scalar) = node, !(scalar.style == .plain && ["", "~", "null"].contains(scalar.string))
        else {
            self.note(node, path, "must be a text")
            return nil
        }
        do throws(EscrowError) {
            try Limits.check(text: scalar.string, field: path, characters: characters)
        } catch {
            let (low, high) = (characters.lowerBound, characters.upperBound)
            self.note(node, path, "must have \(low) to \(high) characters, without control characters")
            return nil
        }
        return scalar.string
    }

    /// The texts of a list.
    mutating func texts(_ node: Node, _ path: String) -> [String] {
        var texts: [String] = []
        for entry in self.entries(node, path) {
            if let text = self.text(entry.node, entry.path) { texts.append(text) }
        }
        return texts
    }

    /// A text that is read into something.
    mutating func value<Value>(
        _ node: Node,
        _ path: String,
        _ form: String,
        _ read: (String) -> Value?
    ) -> Value? {
        guard case .scalar(let scalar) = node, let value = read(scalar.string) else {
            self.note(node, path, "must be \(form)")
            return nil
        }
        return value
    }

    /// One of a closed set of words.
    mutating func word<Word: RawRepresentable<String>>(_ node: Node, _ path: String, _ words: [Word]) -> Word? {
        let names = words.map(\.rawValue).joined(separator: ", ")
        return self.value(node, path, "one of \(names)") { text in words.first { $0.rawValue == text } }
    }

    /// Words of a closed set, each once.
    mutating func words<Word: RawRepresentable<String> & Hashable>(
        _ node: Node,
        _ path: String,
        _ words: [Word]
    ) -> Set<Word> {
        var found: Set<Word> = []
        for entry in self.entries(node, path) {
            guard let word = self.word(entry.node, entry.path, words) else { continue }
            if !found.insert(word).inserted { self.note(entry.node, entry.path, "is there twice") }
        }
        return found
    }

    /// Yes or no. YAML 1.1's other words for them, such as `on` and `no`, are refused: they surprise people.
    mutating func flag(_ node: Node, _ path: String) -> Bool? {
        self.value(node, path, "true or false") { $0 == "true" ? true : $0 == "false" ? false : nil }
    }

    /// A span of time that is longer than none.
    mutating func span(_ node: Node, _ path: String) -> TimeSpan? {
        self.value(node, path, "a time such as 90s, 15m, 24h or 30d") { text in
            TimeSpan(text).flatMap { $0 > .zero ? $0 : nil }
        }
    }

    /// A whole number within a range.
    mutating func count(_ node: Node, _ path: String, _ range: ClosedRange<Int>) -> Int? {
        self.value(node, path, "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) && String($0) == text ? $0 : nil }
        }
    }
}
