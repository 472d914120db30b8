import EscrowAPI
import EscrowModel
import EscrowServer
import Foundation
import HTTPTypes
import Testing

/// The API's description against the routes. The end-to-end tests hold the running server to it as well.
struct DescriptionTests {
    let text: String
    let lines: [Substring]

    init() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../openapi.yaml")
        self.text = try String(contentsOf: path, encoding: .utf8)
        self.lines = self.text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test("every route is described, and everything that is described is a route")
    func routes() async throws {
        let escrow = try await TestEscrow()
        let router = EscrowRouter(service: escrow.service, settings: ServerSettings(), clock: { escrow.clock.now })
        var described: Set<String> = []
        var path = ""
        for line in self.lines.prefix(while: { $0 != "components:" }) {
            if line.hasPrefix("  /"), line.hasSuffix(":") { path = String(line.dropFirst(2).dropLast()) }
            for method in ["get", "put", "post", "delete", "patch", "head"] where line == "    \(method):" {
                described.insert("\(method.uppercased()) \(path)")
            }
        }
        #expect(described == Set(router.routes.map { "\($0.method) \($0.path)" }))
    }

    @Test("the server serves the description as it is in the repository")
    func served() async throws {
        let answer = try await TestEscrow().network.send(.get, "/openapi.yaml")
        #expect(answer.text == self.text)
        #expect(answer.headers[.contentType] == "application/yaml")
        #expect(answer.headers[.cacheControl] == "public, max-age=300")
    }

    @Test("the query parameters of a path are those that are described")
    func parameters() async throws {
        let escrow = try await TestEscrow()
        let token = try await escrow.token(.administrator)
        for path in [
            keysPath, "\(keysPath)/{deviceId}", "\(keysPath)/audit", "/api/devices", "/api/approvals",
            "/api/policy/explain",
        ] {
            let described = self.queryParameters(of: path)
            let target = path.replacing("{deviceId}", with: "8f595209-f5b9-49a0-85d4-cb8f80258c27")
            let answer = try await escrow.network.send(.get, "\(target)?-", token: token)
            let known = try #require(try answer.problem().detail?.split(separator: "it has ").last)
            #expect(Set(known.split(separator: ", ").map(String.init)) == described, "\(path)")
        }
    }

    private func queryParameters(of path: String) -> Set<String> {
        let section = self.lines.drop { $0 != "  \(path):" }.dropFirst().prefix { !$0.hasPrefix("  /") }
            .drop { $0 != "    get:" }.prefix { $0 != "      responses:" }
        var names: Set<String> = []
        for line in section {
            if let name = line.firstMatch(of: /- \{? ?name: (\w+)/) { names.insert(String(name.1)) }
            if line.hasSuffix("/Cursor\"") { names.insert("cursor") }
            if line.hasSuffix("/Limit\"") { names.insert("limit") }
        }
        return names
    }

    @Test("the words of each closed set are those that are described")
    func words() {
        self.expect("StatusState", EscrowStatus.State.self)
        self.expect("StatusReason", EscrowStatus.Reason.self)
        self.expect("VolumeType", Volume.Kind.self)
        self.expect("Protection", Volume.Protection.self)
        self.expect("SecretType", SecretKind.self)
        self.expect("ProtectorType", ReportedProtector.Kind.self)
        self.expect("KeyState", EscrowedKey.State.self)
        self.expect("ProofState", EscrowedKey.ProofState.self)
        self.expect("DeviceState", Device.State.self)
        self.expect("RotationState", Rotation.State.self)
        self.expect("RotationTrigger", Rotation.Trigger.self)
        self.expect("DisclosureReason", DisclosureReason.Code.self)
        self.expect("ApprovalState", Approval.State.self)
        self.expect("AuditOutcome", AuditEvent.Outcome.self)
        self.expect("AuditKind", AuditEvent.Kind.self)
        #expect(self.words(of: "Role") == Role.assignable.map(\.rawValue))
        #expect(self.words(of: "TokenRole") == Role.ofTokens.map(\.rawValue))
    }

    private func expect<Word: RawRepresentable<String> & CaseIterable>(_ schema: String, _ type: Word.Type) {
        #expect(self.words(of: schema) == Word.allCases.map(\.rawValue), "\(schema)")
    }

    /// The words of a schema that is an `enum`, in one line or a line each.
    private func words(of schema: String) -> [String] {
        let section = self.lines.drop { $0 != "    \(schema):" }.dropFirst().prefix { $0.hasPrefix("      ") }
        return section.joined(separator: "\n").split(separator: "enum:").last.map { list in
            list.split { "[],\n -\"".contains($0) }.map(String.init)
        } ?? []
    }
}
