import BitLocker
import EscrowModel
import EscrowService
import Hummingbird

/// `/access/sessions`: everybody who is signed in, and ending it.
struct SessionsPages: Sendable {
    private static let path = "/access/sessions"

    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("access/sessions", use: self.portal.page(self.list))
        pages.post("access/sessions/{sessionId}/end", use: self.portal.form(self.end))
    }

    @Sendable
    private func list(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<AccessListParameter>(of: visit.request)
        let sessions = try await visit.service.sessions(try query.accessPage, by: visit.caller)
        var values: [String: Any] = ["sessions": sessions.items.map { Self.row($0, visit) }]
        values["hasSessions"] = !sessions.items.isEmpty
        values["next"] = visit.next(Self.path, sessions.next)
        values["done"] = visit.done(query.raw(.done), of: ["sessionEnded"])
        return visit.accessPage(.accesssessions, .sessions, values)
    }

    @Sendable
    private func end(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        guard let id = GUID(visit.context.parameters.get("sessionId") ?? "") else { throw Problem.notFound }
        do throws(EscrowError) {
            try await visit.service.endSession(id, by: visit.caller)
        } catch {
            guard error == .signInTooOld else { throw error }
            return visit.againAt(Self.path)
        }
        return Portal.redirect(to: "\(Self.path)?done=sessionEnded")
    }

    /// What a row shows of a session.
    static func row(_ session: Session, _ visit: Visit) -> [String: Any] {
        let isLocal = session.issuer == Account.issuer
        var values: [String: Any] = [
            "id": session.id.description, "holder": session.name, "holderRole": visit.text(session.role.message),
            "address": session.address, "agent": session.agent ?? "–", "began": visit.time(session.createdAt),
            "used": visit.time(session.lastUsedAt), "ends": visit.time(session.endsAt),
            "current": session.id == visit.person.session.id,
            "issuer": isLocal ? visit.text("local") : session.issuer,
        ]
        if isLocal { values["account"] = "/access/accounts/\(session.subject)" }
        return values
    }
}
