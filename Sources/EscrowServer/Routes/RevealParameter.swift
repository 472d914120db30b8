import BitLocker
import EscrowModel
import HTTPTypes
import Hummingbird

/// The query parameters of `GET …/keys/{deviceId}`.
enum RevealParameter: String, CaseIterable, Hashable, Sendable {
    case reveal
    case reason
    case ticket
    case comment
    case volumeId

    /// What `reveal` can be.
    enum Which: String, CaseIterable, Sendable {
        case current
    }
}

/// A disclosure that a query asks for.
struct QueriedDisclosure: Equatable, Sendable {
    let volume: GUID?
    let reason: DisclosureReason
}

extension QueryParameters<RevealParameter> {
    /// The disclosure that the query asks for; nil when it asks for none.
    ///
    /// Only a client with a bearer token gets one this way. A browser that holds a cookie can be led to any address by
    /// any page, and an address ends up in histories and logs: a disclosure must then be a POST.
    func disclosure(_ request: Request, by caller: Caller) throws -> QueriedDisclosure? {
        guard try self.word(.reveal, RevealParameter.Which.self) != nil else {
            for name in RevealParameter.allCases where self.has(name) {
                throw Problem.invalid(field: name.rawValue, "goes with reveal=current only")
            }
            return nil
        }
        guard request.headers[.cookie] == nil, case .client = caller.identity else {
            throw Problem(
                status: .forbidden,
                code: "bearer-only",
                title: "Only a client with a bearer token and no cookie may disclose by GET.",
                detail: "Use POST …/keys/{deviceId}/reveal."
            )
        }
        guard let code = try self.word(.reason, DisclosureReason.Code.self) else {
            throw Problem.invalid(field: RevealParameter.reason.rawValue, "is needed: why the secret is asked for")
        }
        return QueriedDisclosure(
            volume: try self.guid(.volumeId),
            reason: try DisclosureReason(code: code, ticket: self.raw(.ticket), comment: self.raw(.comment))
        )
    }
}
