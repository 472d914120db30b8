package import SignIn

/// Why nobody was signed in by the identity provider.
package enum ProviderError: Error, Equatable, Sendable {
    /// It does not answer, or not in time; the reason is for the log, and has nothing of what was sent.
    case unreachable(reason: String)
    /// What it says of itself cannot be used.
    case metadata(ProviderMetadata.Problem)
    /// What it answered cannot be read, or is too long.
    case unreadable
    /// It did not take the code, in its own word (RFC 6749, section 5.2).
    case refused(code: String)
    /// The file with our secret cannot be read.
    case secret(reason: String)
    /// Its token is not believed.
    case token(TokenProblem)
    /// It vouches for somebody who may do nothing here.
    case person(ProviderPerson, RoleMapping.Refusal)

    /// A word or two for the audit log.
    package var detail: String {
        switch self {
        case .unreachable: "provider unreachable"
        case .metadata(let problem): "provider metadata \(problem.rawValue)"
        case .unreadable: "provider unreadable"
        case .refused(let code): "provider refused \(code)"
        case .secret: "provider secret"
        case .token(let problem): "provider token \(problem.rawValue)"
        case .person(_, .nobody): "provider nobody"
        case .person(_, .overage): "provider overage"
        }
    }

    /// A sentence for whoever runs the server.
    package var explanation: String {
        switch self {
        case .unreachable(let reason): "the identity provider cannot be reached: \(reason)"
        case .metadata(.incomplete): "what the identity provider publishes is not OpenID Connect's metadata"
        case .metadata(.otherIssuer): "the identity provider names another issuer than oidc.issuer; they must be equal"
        case .metadata(.insecure): "the identity provider names an address without TLS"
        case .metadata(.unable): "the identity provider does not have the code flow, or PKCE with S256"
        case .unreadable: "what the identity provider answered cannot be read, or is too long"
        case .refused(let code): "the identity provider did not take the code: \(code)"
        case .secret(let reason): "oidc.clientSecretFile cannot be read: \(reason)"
        case .token(let problem): "the identity provider's token is not believed: \(problem.rawValue)"
        case .person(_, .nobody): "somebody signed in at the identity provider to whom oidc.roles gives no role"
        case .person(_, .overage(let claim)): "the identity provider left out \(claim), as there are too many"
        }
    }

    /// Whether it may work the next time without anybody's doing.
    package var isPassing: Bool {
        if case .unreachable = self { true } else { false }
    }
}
