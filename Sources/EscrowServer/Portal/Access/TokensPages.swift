import BitLocker
import EscrowModel
import EscrowService
import Hummingbird

/// `/access/tokens` and `/access/enrolment`: what clients and devices get in with.
struct TokensPages: Sendable {
    private static let tokens = "/access/tokens"
    private static let enrolment = "/access/enrolment"
    /// For how many days an enrolment token can be made to hold; none is for good.
    private static let days = [1, 7, 30, 90, 365]

    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("access/tokens", use: self.portal.page(self.list))
        pages.post("access/tokens/{tokenId}/revoke", use: self.portal.form(self.revoke))
        pages.get("access/enrolment", use: self.portal.page(self.listEnrolment))
        pages.post("access/enrolment", use: self.portal.form(self.create))
        pages.post("access/enrolment/{tokenId}/revoke", use: self.portal.form(self.revokeEnrolment))
    }

    // MARK: API tokens

    @Sendable
    private func list(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<AccessListParameter>(of: visit.request)
        let tokens = try await visit.service.apiTokens(try query.accessPage, by: visit.caller)
        let now = visit.portal.clock()
        let rows = tokens.items.map { token -> [String: Any] in
            let isValid = token.isValid(at: now)
            return [
                "id": token.id.description, "tokenName": token.name, "tokenRole": visit.text(token.role.message),
                "scope": visit.words(token.scope), "made": visit.time(token.createdAt),
                "expires": visit.time(token.expiresAt, or: "never"), "valid": isValid,
                "state": visit.text(Self.state(isValid, token.revokedAt)), "look": isValid ? "ok" : "",
                "breakGlass": token.breakGlass != nil,
            ]
        }
        var values: [String: Any] = ["tokens": rows, "hasTokens": !rows.isEmpty]
        values["next"] = visit.next(Self.tokens, tokens.next)
        values["done"] = visit.done(query.raw(.done), of: ["revoked"])
        values["command"] = "sparekey token create --data DIR --role helpdesk --name NAME"
        return visit.accessPage(.accesstokens, .tokens, values)
    }

    @Sendable
    private func revoke(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let id = try self.id(visit)
        do throws(EscrowError) {
            _ = try await visit.service.revokeAPIToken(id, by: visit.caller)
        } catch {
            guard error == .signInTooOld else { throw error }
            return visit.againAt(Self.tokens)
        }
        return Portal.redirect(to: "\(Self.tokens)?done=revoked")
    }

    // MARK: Enrolment

    @Sendable
    private func listEnrolment(_ visit: Visit) async throws -> Response {
        let query = try QueryParameters<AccessListParameter>(of: visit.request)
        var values: [String: Any] = [:]
        values["done"] = visit.done(query.raw(.done), of: ["revoked"])
        return try await self.page(visit, try query.accessPage, values)
    }

    private func page(
        _ visit: Visit,
        _ page: PageRequest,
        days: Int? = 30,
        _ values: [String: Any]
    ) async throws -> Response {
        let tokens = try await visit.service.enrolmentTokens(page, by: visit.caller)
        let now = visit.portal.clock()
        let rows = tokens.items.map { token -> [String: Any] in
            let isValid = token.isValid(at: now)
            let most = token.maximumUses.map { visit.number($0) } ?? "∞"
            return [
                "id": token.id.description, "tokenName": token.name, "group": token.group,
                "uses": "\(visit.number(token.uses)) / \(most)", "made": visit.time(token.createdAt),
                "expires": visit.time(token.expiresAt, or: "never"), "valid": isValid, "look": isValid ? "ok" : "",
                "state": visit.text(Self.state(isValid, token.revokedAt)),
            ]
        }
        var values = values
        let isWrong = values.keys.contains { $0.hasSuffix("Error") }
        var generator = SystemRandomNumberGenerator()
        values["once"] = GUID.random(using: &generator).description
        values["tokens"] = rows
        values["hasTokens"] = !rows.isEmpty
        values["days"] =
            Self.days.map { each in
                let text = visit.formats.duration(.days(Int64(each)))
                return ["value": "\(each)", "text": text, "chosen": each == days] as [String: Any]
            } + [["value": "", "text": visit.text("never"), "chosen": days == nil]]
        values["next"] = visit.next(Self.enrolment, tokens.next)
        return visit.accessPage(
            .accessenrolment,
            .enrolment,
            status: isWrong ? .unprocessableContent : .ok,
            values
        )
    }

    @Sendable
    private func create(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let days = Int(fields.text("days")).flatMap { Self.days.contains($0) ? $0 : nil }
        let uses = fields.text("uses").filter { $0 != " " }
        var values: [String: Any] = [
            "tokenName": fields.text("tokenName"), "group": fields.text("group"), "uses": fields.text("uses"),
        ]
        if !uses.isEmpty, Int(uses) == nil {
            values["usesError"] = visit.text("usesError")
            return try await self.page(visit, PageRequest(), days: days, values)
        }
        do throws(EscrowError) {
            let made = try await visit.service.createEnrolmentToken(
                id: GUID(fields.text("once")),
                name: fields.text("tokenName"),
                group: fields.text("group"),
                maximumUses: uses.isEmpty ? nil : Int(uses),
                expiresAt: days.map { visit.portal.clock() + .days(Int64($0)) },
                by: visit.caller
            )
            return self.secret(visit, made.token, made.secret)
        } catch {
            switch error {
            case .invalid("name", _): values["tokenNameError"] = visit.text("nameError")
            case .invalid("group", _): values["groupError"] = visit.text("groupsError")
            case .invalid("maximumUses", _): values["usesError"] = visit.text("usesError")
            case .conflict("token-exists", _): values["tokenNameError"] = visit.text("tokenExists")
            case .signInTooOld: return visit.againAt(Self.enrolment)
            default: throw error
            }
            return try await self.page(visit, PageRequest(), days: days, values)
        }
    }

    /// The page that shows a token, this once: it is in no address and is kept nowhere.
    private func secret(_ visit: Visit, _ token: EnrolmentToken, _ secret: String) -> Response {
        let address = visit.serverAddress
        return visit.accessPage(
            .accesssecret,
            .enrolment,
            heading: visit.text("enrolmentMade"),
            [
                "tokenName": token.name, "group": token.group, "secret": secret, "address": address,
                "simulate": "sparekey simulate --server \(address) --devices 3 --enrolment-token \(secret)",
            ]
        )
    }

    @Sendable
    private func revokeEnrolment(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let id = try self.id(visit)
        do throws(EscrowError) {
            _ = try await visit.service.revokeEnrolmentToken(id, by: visit.caller)
        } catch {
            guard error == .signInTooOld else { throw error }
            return visit.againAt(Self.enrolment)
        }
        return Portal.redirect(to: "\(Self.enrolment)?done=revoked")
    }

    // MARK: Both

    private func id(_ visit: Visit) throws -> GUID {
        guard let id = GUID(visit.context.parameters.get("tokenId") ?? "") else { throw Problem.notFound }
        return id
    }

    private static func state(_ isValid: Bool, _ revokedAt: Timestamp?) -> String {
        if isValid { return "tokenValid" }
        return revokedAt == nil ? "tokenOver" : "tokenRevoked"
    }
}
