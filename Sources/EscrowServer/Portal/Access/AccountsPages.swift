import BitLocker
import EscrowModel
import EscrowService
import Hummingbird

/// `/access/accounts`: who has an account here, what of it, and inviting, disabling and resetting them.
struct AccountsPages: Sendable {
    private static let path = "/access/accounts"
    private static let roles: [Role] = Role.assignable

    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("access/accounts", use: self.portal.page(self.list))
        pages.get("access/accounts/invite", use: self.portal.page(self.form))
        pages.post("access/accounts/invite", use: self.portal.form(self.invite))
        pages.get("access/accounts/{accountId}", use: self.portal.page(self.show))
        pages.post("access/accounts/{accountId}/disable", use: self.portal.form(self.disable))
        pages.post("access/accounts/{accountId}/reset", use: self.portal.form(self.reset))
        pages.post("access/accounts/{accountId}/sessions/{sessionId}/end", use: self.portal.form(self.endSession))
    }

    // MARK: Lists

    @Sendable
    private func list(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<AccessListParameter>(of: visit.request)
        let name = query.raw(.name) ?? ""
        let page = try query.accessPage
        let accounts = try await visit.service.accounts(
            userNamePrefix: name.isEmpty ? nil : name,
            page,
            by: visit.caller
        )
        var values: [String: Any] = [
            "name": name, "accounts": accounts.items.map { self.row($0, visit) },
            "hasAccounts": !accounts.items.isEmpty,
        ]
        values["next"] = visit.next(Self.path, accounts.next, [("name", name)])
        return visit.accessPage(.accessaccounts, .accounts, values)
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<AccessListParameter>(of: visit.request)
        return try await self.page(visit, try self.id(visit), done: query.raw(.done))
    }

    private func page(
        _ visit: Visit,
        _ id: GUID,
        done: String? = nil,
        alert: String? = nil
    ) async throws -> Response {
        let (account, sessions) = try await visit.service.account(id, by: visit.caller)
        let isOwn = visit.person.session.issuer == Account.issuer && visit.person.session.subject == id.description
        var values: [String: Any] = self.row(account, visit)
        values["isOwn"] = isOwn
        values["canDisable"] = visit.mayChangeAccess && !isOwn && account.state != .disabled
        values["canReset"] = visit.mayChangeAccess && !isOwn
        values["resetText"] = visit.text(account.state == .disabled ? "letInAgain" : "newLink")
        values["seen"] = account.state.rawValue
        values["disabled"] = account.disabledAt.map { visit.time($0) }
        values["records"] = "/audit?caller=\(PercentEncoding.encoded("person:\(id)@local"))"
        values["sessions"] = sessions.map { SessionsPages.row($0, visit) }
        values["hasSessions"] = !sessions.isEmpty
        values["done"] = visit.done(done, of: ["disabled", "sessionEnded"])
        values["alert"] = alert
        return visit.accessPage(
            .accessaccount,
            .accounts,
            heading: account.name,
            status: alert == nil ? .ok : .conflict,
            values
        )
    }

    private func row(_ account: Account, _ visit: Visit) -> [String: Any] {
        let look =
            switch account.state {
            case .active: "ok"
            case .invited: "info"
            case .disabled: ""
            }
        return [
            "id": account.id.description, "path": "\(Self.path)/\(account.id)", "userName": account.userName,
            "accountName": account.name, "accountRole": visit.text(account.role.message),
            "scope": visit.words(account.scope),
            "state": visit.text("account" + account.state.rawValue.capitalizedFirst),
            "look": look, "made": visit.time(account.createdAt),
            "signedIn": visit.time(account.signedInAt, or: "never"),
        ]
    }

    // MARK: Inviting

    @Sendable
    private func form(_ visit: Visit) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: visit.request)
        // Whoever only reads is told here, not after they have filled in everything.
        _ = try await visit.service.accounts(PageRequest(limit: 1), by: visit.caller)
        guard visit.mayChangeAccess else { throw EscrowError.denied }
        return self.form(visit, [:])
    }

    private func form(_ visit: Visit, _ values: [String: Any], _ chosen: Role = .helpdesk) -> Response {
        var values = values
        let isWrong = values.keys.contains { $0.hasSuffix("Error") }
        values["roles"] = Self.roles.map { role in
            [
                "value": role.rawValue, "text": visit.text(role.message), "chosen": role == chosen,
                "hint": visit.text(role.message + "Hint"),
            ] as [String: Any]
        }
        return visit.accessPage(
            .accessinvite,
            .accounts,
            heading: visit.text("inviteTitle"),
            status: isWrong ? .unprocessableContent : .ok,
            values
        )
    }

    @Sendable
    private func invite(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let role = Role(rawValue: fields.text("role")) ?? .helpdesk
        let groups = fields.text("groups").split(separator: ",").map { $0.filter { $0 != "\r" && $0 != "\n" } }
            .map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }.filter { !$0.isEmpty }
        var values: [String: Any] = [
            "userName": fields.text("userName"), "accountName": fields.text("accountName"),
            "groups": fields.text("groups"),
        ]
        do throws(EscrowError) {
            let invited = try await visit.service.invite(
                userName: fields.text("userName"),
                name: fields.text("accountName"),
                role: role,
                scope: groups.isEmpty ? .everything : .groups(Set(groups)),
                by: visit.caller
            )
            return self.link(visit, invited, isNew: true)
        } catch {
            switch error {
            case .invalid("userName", _): values["userNameError"] = visit.text("userNameError")
            case .invalid("name", _): values["accountNameError"] = visit.text("nameError")
            case .invalid("groups", _): values["groupsError"] = visit.text("groupsError")
            case .invalid("role", _): values["roleError"] = visit.text("roleError")
            case .conflict("user-name-taken", _):
                values["userNameError"] = visit.text("userNameTaken")
                values["takenPath"] = "\(Self.path)?name=\(PercentEncoding.encoded(fields.text("userName")))"
            case .signInTooOld: return visit.againAt("\(Self.path)/invite")
            default: throw error
            }
            return self.form(visit, values, role)
        }
    }

    /// The page that shows a link, this once: it is in no address and is kept nowhere.
    private func link(_ visit: Visit, _ invited: Invited, isNew: Bool) -> Response {
        let link = invited.link.hasPrefix("/") ? visit.serverAddress + invited.link : invited.link
        return visit.accessPage(
            .accesslink,
            .accounts,
            heading: visit.text(isNew ? "invitedTitle" : "resetTitle"),
            [
                "link": link, "accountName": invited.account.name, "userName": invited.account.userName,
                "expires": visit.exactTime(invited.expiresAt), "path": "\(Self.path)/\(invited.account.id)",
            ]
        )
    }

    // MARK: Taking access

    @Sendable
    private func disable(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        try await self.change(visit, fields) { (id, seen) throws(EscrowError) in
            _ = try await visit.service.disableAccount(id, seen: seen, by: visit.caller)
            return Portal.redirect(to: "\(Self.path)/\(id)?done=disabled")
        }
    }

    @Sendable
    private func reset(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        try await self.change(visit, fields) { (id, seen) throws(EscrowError) in
            self.link(visit, try await visit.service.resetAccount(id, seen: seen, by: visit.caller), isNew: false)
        }
    }

    @Sendable
    private func endSession(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        try await self.change(visit, fields) { (id, _) throws(EscrowError) in
            guard let session = GUID(visit.context.parameters.get("sessionId") ?? "") else { throw .notFound }
            try await visit.service.endSession(session, by: visit.caller)
            return Portal.redirect(to: "\(Self.path)/\(id)?done=sessionEnded")
        }
    }

    /// Runs a change; what the state of things does not allow is said on the account's page.
    private func change(
        _ visit: Visit,
        _ fields: FormFields,
        _ body: (GUID, Account.State?) async throws(EscrowError) -> Response
    ) async throws -> Response {
        let id = try self.id(visit)
        do throws(EscrowError) {
            return try await body(id, Account.State(rawValue: fields.text("seen")))
        } catch {
            switch error {
            case .signInTooOld: return visit.againAt("\(Self.path)/\(id)")
            case .conflict("account-changed", _):
                return try await self.page(visit, id, alert: visit.text("accountChanged"))
            case .conflict("own-account", _): return try await self.page(visit, id, alert: visit.text("ownAccount"))
            case .conflict("last-administrator", _):
                return try await self.page(visit, id, alert: visit.text("lastAdministrator"))
            default: throw error
            }
        }
    }

    private func id(_ visit: Visit) throws -> GUID {
        guard let id = GUID(visit.context.parameters.get("accountId") ?? "") else { throw Problem.notFound }
        return id
    }
}
