import EscrowStore

/// What the doctor found in one place.
struct Finding: Encodable {
    /// How it is.
    enum Level: String, Encodable {
        case ok
        case warn
        case fail
    }

    /// How it is.
    let level: Level
    /// What was looked at.
    let what: String
    /// What was found, and what to do about it where it is not well.
    let text: String

    /// All is well.
    static func ok(_ what: String, _ text: String) -> Finding { Finding(level: .ok, what: what, text: text) }
    /// It works, but should be mended.
    static func warn(_ what: String, _ text: String) -> Finding { Finding(level: .warn, what: what, text: text) }
    /// It does not work, or something is lost.
    static func fail(_ what: String, _ text: String) -> Finding { Finding(level: .fail, what: what, text: text) }

    /// Looks, and turns what is thrown into a failure.
    static func of(_ what: String, _ look: () throws -> [Finding]) -> [Finding] {
        do { return try look() } catch let failure as Failure {
            return [.fail(what, failure.message)]
        } catch {
            return [.fail(what, "\(error)")]
        }
    }

    /// Prints the findings, and throws when one is a failure.
    static func report(_ findings: [Finding], json: Bool) throws {
        if json {
            try Console.print(json: findings)
        } else {
            for finding in findings {
                let level = finding.level.rawValue
                let padding = String(repeating: " ", count: max(1, 22 - finding.what.count))
                Console.print("\(level)\(level.count == 2 ? "    " : "  ")\(finding.what)\(padding)\(finding.text)")
            }
        }
        let failures = findings.filter { $0.level == .fail }.count
        guard failures == 0 else { throw Failure("\(failures) of \(findings.count) checks failed; see above") }
    }
}
