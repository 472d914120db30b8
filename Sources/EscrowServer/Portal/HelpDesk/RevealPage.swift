import BitLocker
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/devices/{deviceId}/keys/{protectorId}/reveal`: why, and then the key. Under `/my`, the same for somebody's own device.
struct RevealPage: Sendable {
    let portal: Portal
    /// Whether everybody is an owner here, whatever they are elsewhere.
    var isOwn = false

    func add(to pages: RouterGroup<ServerContext>) {
        let key = pages.group("\(self.base.dropFirst())devices/{deviceId}/keys/{protectorId}")
        key.get("reveal", use: self.portal.page { try await self.show($0) })
        key.post("reveal", use: self.portal.form(self.reveal))
        key.post("approval", use: self.portal.form(self.askForApproval))
        key.post("approval/{approvalId}/cancel", use: self.portal.form(self.takeBack))
    }

    private var base: String { self.isOwn ? "/my/" : "/" }

    private var title: String { self.isOwn ? "myKey" : "showKey" }

    private func caller(_ visit: Visit) throws(EscrowError) -> Caller { self.isOwn ? try visit.owner : visit.caller }

    /// Which key, whose, and what it will ask.
    private struct Subject {
        let device: Device
        let volume: Volume
        let key: EscrowedKey
        let terms: DisclosureTerms
        let base: String
        var path: String { "\(self.base)devices/\(self.device.id)/keys/\(self.key.protectorID)" }
        /// When it was last seen by anybody, as a form tells: a form that is sent again tells another time.
        var seen: String { self.key.disclosedAt.map { "\($0.milliseconds)" } ?? "never" }
    }

    private func subject(_ visit: Visit) async throws -> Subject {
        let id = try PathParameters.guid("deviceId", in: visit.context)
        let protector = try PathParameters.guid("protectorId", in: visit.context)
        let found = try await visit.service.deviceKeys(id, by: try self.caller(visit))
        for volume in found.volumes {
            guard let key = volume.keys.filter({ $0.protectorID == protector }).current else { continue }
            let terms = try await visit.service.disclosureTerms(
                of: key,
                on: found.device,
                by: try self.caller(visit)
            )
            return Subject(device: found.device, volume: volume.volume, key: key, terms: terms, base: self.base)
        }
        throw EscrowError.notFound
    }

    private func show(
        _ visit: Visit,
        _ fields: FormFields? = nil,
        errors: [String: String] = [:],
        alert: String? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let subject = try await self.subject(visit)
        if subject.terms.mustSignInAgain, !subject.terms.isForbidden {
            return Portal.redirect(to: SignInAgainRoutes.path(returningTo: subject.path + "/reveal"))
        }
        var values = self.values(subject, visit)
        let chosen = fields?.text("reason") ?? ""
        values["reasons"] = subject.terms.reasons.map { code in
            [
                "code": code.rawValue, "text": visit.word("reasonCode", code), "chosen": code.rawValue == chosen,
            ] as [String: Any]
        }
        values["ticket"] = fields?.text("ticket") ?? ""
        values["comment"] = fields?.text("comment") ?? ""
        for (field, problem) in errors { values[field + "Error"] = problem }
        values["alert"] = alert ?? self.obstacle(subject.terms, visit)
        values["canAsk"] = !subject.terms.isForbidden && subject.terms.limitedUntil == nil
        values["approvers"] = subject.terms.approvers.map { visit.text($0.message) }.joined(separator: ", ")
        values["needsApproval"] = !subject.terms.approvers.isEmpty
        values["approvals"] = subject.terms.approvals.map { self.values(of: $0, visit) }
        values["hasOpen"] = !subject.terms.approvals.isEmpty
        values["ended"] = subject.terms.ended.map { self.values(of: $0, visit) }
        return visit.page(self.isOwn ? .myreveal : .reveal, title: self.title, status: status, values)
    }

    private func obstacle(_ terms: DisclosureTerms, _ visit: Visit) -> String? {
        if terms.isSelfServiceOff { return visit.text("revealSelfServiceOff") }
        if terms.reasons.isEmpty { return visit.text("revealNoReason") }
        if terms.isForbidden { return visit.text("revealForbidden") }
        return terms.limitedUntil.map { visit.text("revealLimited").filled(["when": visit.formats.moment($0)]) }
    }

    private func values(_ subject: Subject, _ visit: Visit) -> [String: Any] {
        let replaced = subject.terms.replacedAfter
        var values: [String: Any] = [
            "path": subject.path, "device": subject.device.id.description, "name": subject.device.facts.name,
            "owner": subject.device.facts.owner ?? visit.text("ownerUnknown"),
            "serial": subject.device.facts.serial ?? "–",
            "volume": visit.name(of: subject.volume.report), "key": visit.values(of: subject.key.protectorID),
            "seen": subject.seen, "kind": visit.word("secret", subject.key.kind),
            "isFile": subject.key.kind == .recoveryKey,
            "isRefuted": subject.key.proof == .refuted, "isOld": subject.key.state == .superseded,
            "isTicketNeeded": subject.terms.isTicketNeeded,
            "next": replaced.map { span in
                span <= .minutes(1)
                    ? visit.text("replacedSoon")
                    : visit.text("replacedAfter").filled(["span": visit.formats.duration(span)])
            } ?? visit.text("notReplaced"),
        ]
        // An empty text is something to a template; nothing is not.
        values["lastSeenAt"] = subject.key.disclosedAt.map { visit.time($0) }
        values["ticketPattern"] = subject.terms.ticketPattern
        return values
    }

    private func values(of approval: Approval, _ visit: Visit) -> [String: Any] {
        var values: [String: Any] = [
            "id": approval.id.description, "isApproved": approval.state == .approved,
            "state": visit.word("approval", approval.state),
            "until": visit.exactTime(approval.expiresAt), "reason": approval.reason.code.rawValue,
        ]
        values["isDenied"] = approval.state == .denied
        values["at"] = approval.endedAt.map { visit.time($0) }
        values["by"] = approval.decider?.name
        // Empty rather than absent: a template would look for them in the form around it, where somebody may type others.
        let (ticket, comment) = (approval.reason.ticket ?? "", approval.reason.comment ?? "")
        values["ticket"] = ticket
        values["comment"] = comment
        let parts = [visit.word("reasonCode", approval.reason.code), ticket, comment]
        values["what"] = parts.filter { !$0.isEmpty }.joined(separator: " · ")
        return values
    }

    // MARK: - What is sent

    @Sendable
    private func reveal(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let subject = try await self.subject(visit)
        do {
            // Asked again in the transaction: of a form that is sent twice at once, one is answered.
            let last = LastDisclosure(of: subject.key)
            guard fields.text("seen") == subject.seen else {
                throw EscrowError.conflict(code: "disclosedSince", problem: "")
            }
            let disclosed = try await visit.service.reveal(
                subject.device.id,
                key: subject.key.protectorID,
                volume: subject.volume.id,
                reason: try self.reason(fields),
                after: last,
                by: try self.caller(visit)
            )
            return self.answer(disclosed, subject, visit)
        } catch {
            return try await self.refused(error, visit, fields)
        }
    }

    private func answer(_ disclosed: borrowing DisclosedSecret, _ subject: Subject, _ visit: Visit) -> Response {
        guard disclosed.key.kind == .recoveryPassword else { return RevealedPageWriter.file(disclosed) }
        var values = self.values(subject, visit)
        values["record"] = visit.number(Int(disclosed.entry))
        if visit.mayUse(.readAudit) { values["recordPath"] = "/audit/records/\(disclosed.entry)" }
        values["isReplaced"] = disclosed.rotation != nil
        return RevealedPageWriter.page(
            visit.page(self.isOwn ? .myrevealed : .revealed, html: self.title, values),
            disclosed
        )
    }

    @Sendable
    private func askForApproval(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let subject = try await self.subject(visit)
        do {
            _ = try await visit.service.requestApproval(
                subject.device.id,
                key: subject.key.protectorID,
                volume: subject.volume.id,
                reason: try self.reason(fields),
                by: try self.caller(visit)
            )
            return Portal.redirect(to: subject.path + "/reveal")
        } catch {
            return try await self.refused(error, visit, fields)
        }
    }

    @Sendable
    private func takeBack(_ visit: Visit, _ fields: FormFields) async throws -> Response {
        let id = try PathParameters.guid("approvalId", in: visit.context)
        do { _ = try await visit.service.cancelApproval(id, by: try self.caller(visit)) } catch {
            // One that has ended meanwhile is shown as such.
            guard case .conflict = error else { throw error }
        }
        let path = visit.request.uri.path
        return Portal.redirect(
            to: path.split(separator: "/").prefix(self.isOwn ? 5 : 4).map { "/" + $0 }.joined() + "/reveal"
        )
    }

    private func reason(_ fields: FormFields) throws(EscrowError) -> DisclosureReason {
        guard let code = DisclosureReason.Code(rawValue: fields.text("reason")) else {
            throw .invalid(field: "reason", problem: "")
        }
        let ticket = fields.text("ticket")
        let comment = fields.text("comment")
        return try DisclosureReason(
            code: code,
            ticket: ticket.isEmpty ? nil : ticket,
            comment: comment.isEmpty ? nil : comment
        )
    }

    /// What somebody can mend is said beside the field, what they can't in words above the form; the rest falls to the page
    /// that says so.
    private func refused(_ error: any Error, _ visit: Visit, _ fields: FormFields) async throws -> Response {
        guard let error = error as? EscrowError else { throw error }
        switch error {
        case .invalid(let field, _) where ["reason", "ticket", "comment"].contains(field):
            let text = field == "ticket" && fields.text("ticket").isEmpty ? "ticketMissing" : field + "Refused"
            return try await self.show(
                visit,
                fields,
                errors: [field: visit.text(text)],
                status: .unprocessableContent
            )
        case .conflict(let code, _):
            guard let text = Self.conflicts[code] else { throw error }
            return try await self.show(visit, fields, alert: visit.text(text), status: .conflict)
        case .limitReached(let seconds):
            let when = visit.formats.moment(visit.portal.clock() + .seconds(Int64(seconds)))
            let text = visit.text("revealLimited").filled(["when": when])
            return try await self.show(visit, fields, alert: text, status: .tooManyRequests)
        case .signInTooOld:
            let subject = try await self.subject(visit)
            return Portal.redirect(to: SignInAgainRoutes.path(returningTo: subject.path + "/reveal"))
        case .denied:
            // What a rule forbids whatever is filled in; else it is the role, or a form of another session.
            guard try await self.subject(visit).terms.isForbidden else { throw error }
            return try await self.show(visit, fields, status: .forbidden)
        case .purged:
            return try await self.show(visit, fields, alert: visit.text("revealPurged"), status: .gone)
        case .sealBroken:
            return try await self.show(visit, fields, alert: visit.text("revealBroken"), status: .internalServerError)
        case .witnessesMissing, .ingestOnly, .unavailable:
            let text =
                error == .witnessesMissing
                ? "revealUnwitnessed" : error == .ingestOnly ? "revealElsewhere" : "revealLater"
            return try await self.show(visit, fields, alert: visit.text(text), status: .serviceUnavailable)
        default: throw error
        }
    }

    /// The texts of conflicts that somebody can do something about.
    private static let conflicts = [
        "disclosedSince": "revealAgain", "approvalRequired": "approvalNeeded", "approvalNotNeeded": "approvalNotNeeded",
        "tooManyApprovals": "approvalTooMany",
    ]
}
