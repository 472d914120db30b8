import FoundationEssentials
import SignIn

/// A configuration file: JSON whose keys are those of ``Setting``. A key that is not known is an error, so that a
/// mistyped one does not go unnoticed.
struct ConfigurationFile {
    /// What the file says, as text.
    let values: [Setting: String]
    /// Who gets the audit log: what is under `audit.sinks`.
    let sinks: [SinkSettings]
    /// Who of an identity provider gets which role: what is under `oidc.roles`.
    let roles: [RoleMapping.Rule]

    /// Reads a file.
    init(path: String) throws(Failure) {
        let bytes = try SmallFile.read(path)
        guard let root = try? JSONDecoder().decode(Node.self, from: Data(bytes)), case .object(let members) = root
        else { throw Failure("\(path) is not a JSON object; see docs/operations.md for an example") }
        var values: [Setting: String] = [:]
        try Self.collect(members, under: "", path, into: &values)
        self.values = values
        self.sinks = try SinkSettings.read(bytes, path: path)
        self.roles = try OpenIDRoles.read(bytes, path: path)
    }

    /// Keys whose values are no texts, and which are read by themselves.
    private static let lists = ["audit.sinks", "oidc.roles"]

    private static func collect(
        _ members: [String: Node],
        under prefix: String,
        _ path: String,
        into values: inout [Setting: String]
    ) throws(Failure) {
        for (name, node) in members.sorted(by: { $0.key < $1.key }) {
            let key = prefix + name
            guard !Self.lists.contains(key) else { continue }
            switch node {
            case .object(let inner) where Setting.allCases.contains { $0.rawValue.hasPrefix(key + ".") }:
                try Self.collect(inner, under: key + ".", path, into: &values)
            case .text(let text):
                guard let setting = Setting(rawValue: key) else { throw Self.unknown(key, path) }
                values[setting] = text
            case .object, .other:
                guard Setting(rawValue: key) != nil else { throw Self.unknown(key, path) }
                throw Failure("\(path): \(key) must be a text, a number, true or false")
            }
        }
    }

    private static func unknown(_ key: String, _ path: String) -> Failure {
        let known = (Setting.allCases.map(\.rawValue) + Self.lists).joined(separator: ", ")
        return Failure("\(path): there is no setting \(key); there are \(known)")
    }

    /// A JSON value, as far as a configuration file can have one.
    private enum Node: Decodable {
        case object([String: Node])
        case text(String)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let flag = try? container.decode(Bool.self) {
                self = .text(String(flag))
            } else if let number = try? container.decode(Int.self) {
                self = .text(String(number))
            } else if let members = try? container.decode([String: Node].self) {
                self = .object(members)
            } else {
                self = .other
            }
        }
    }
}
