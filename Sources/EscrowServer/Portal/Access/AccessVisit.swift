import EscrowModel
import EscrowPolicy
import EscrowService
import HTTPTypes
import Hummingbird

/// The tabs of `/access`.
enum AccessTab: String, CaseIterable, Sendable {
    case roles = ""
    case groups
    case rules
    case accounts
    case sessions
    case tokens
    case enrolment
    case breakGlass = "break-glass"

    /// Where it is.
    var path: String { self.rawValue.isEmpty ? "/access" : "/access/\(self.rawValue)" }

    /// The key of its name.
    var title: String {
        switch self {
        case .roles: "accessRoles"
        case .groups: "accessGroups"
        case .rules: "accessRules"
        case .accounts: "accessAccounts"
        case .sessions: "accessSessions"
        case .tokens: "accessTokens"
        case .enrolment: "accessEnrolment"
        case .breakGlass: "accessBreakGlass"
        }
    }

    /// Whether it shows something of the whole installation, and not only what everybody with a role may know.
    private var isOfInstallation: Bool {
        switch self {
        case .roles, .groups, .rules: false
        case .accounts, .sessions, .tokens, .enrolment, .breakGlass: true
        }
    }

    /// Those that somebody is led to: the service decides about each.
    static func tabs(for caller: Caller) -> [AccessTab] {
        let seesAll = Policy.actions(of: caller.role).contains(.readAccess) && caller.scope == .everything
        return Self.allCases.filter { seesAll || !$0.isOfInstallation }
    }
}

/// The query parameters of lists: where the page begins, what was done, and what is looked for.
enum AccessListParameter: String, CaseIterable, Hashable, Sendable {
    case after
    case done
    case name
}

extension QueryParameters<AccessListParameter> {
    /// The page of a list that is asked for.
    var accessPage: PageRequest {
        get throws {
            guard let text = self.raw(.after) else { return PageRequest() }
            guard let cursor = Cursor(text, of: .access) else {
                throw Problem.invalid(field: "after", "must be the next of an earlier page of this list")
            }
            return PageRequest(after: cursor.position)
        }
    }
}

extension Visit {
    /// A page under the tabs of `/access`.
    func accessPage(
        _ name: Pages.Name,
        _ tab: AccessTab,
        heading: String? = nil,
        status: HTTPResponse.Status = .ok,
        _ values: [String: Any]
    ) -> Response {
        var values = values
        values["tabs"] = AccessTab.tabs(for: self.caller).map { each in
            ["text": self.text(each.title), "path": each.path, "current": each == tab] as [String: Any]
        }
        values["heading"] = heading ?? self.text(tab.title)
        values["mayChange"] = self.mayChangeAccess
        return self.page(name, title: "access", status: status, values)
    }

    /// Whether forms are shown that change who gets in.
    var mayChangeAccess: Bool {
        Policy.actions(of: self.caller.role).contains(.manageAccounts) && self.caller.scope == .everything
    }

    /// Leads to a new sign-in, and back.
    func againAt(_ path: String) -> Response {
        Portal.redirect(to: SignInAgainRoutes.path(returningTo: path))
    }

    /// What was just done, by the word in the query; nil for a word that no page of ours gives.
    func done(_ word: String?, of known: [String]) -> String? {
        guard let word, known.contains(word) else { return nil }
        return self.text("done" + word.capitalizedFirst)
    }

    /// Where the next page of a list is; nil on the last.
    func next(_ path: String, _ position: Int64?, _ others: [(String, String)] = []) -> String? {
        guard let position else { return nil }
        let query = others.filter { !$0.1.isEmpty }.map { "&\($0.0)=\(PercentEncoding.encoded($0.1))" }.joined()
        return "\(path)?after=\(Cursor(position: position, of: .access).text)\(query)"
    }

    /// The server's address as this browser has it.
    var serverAddress: String {
        if let known = self.service.publicURL { return known }
        let scheme = self.portal.session.isSecure ? "https" : "http"
        return "\(scheme)://\(self.request.head.authority ?? "localhost")"
    }

    /// A scope in words.
    func words(_ scope: Scope) -> String {
        switch scope {
        case .everything: self.text("everyDevice")
        case .groups(let groups): groups.isEmpty ? "–" : groups.sorted().joined(separator: ", ")
        }
    }

    /// A moment as an age, or a word where there is none.
    func time(_ moment: Timestamp?, or word: String) -> String {
        moment.map { self.time($0) } ?? self.text(word).escapedForMarkup
    }
}

extension String {
    /// The text with its first letter large: the second part of a key of the catalogue.
    var capitalizedFirst: String { self.prefix(1).uppercased() + self.dropFirst() }
}
