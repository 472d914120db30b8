import BitLocker
import EscrowModel
import FoundationEssentials
import IdentityProvider
import MasterKeyProviders
import NIOSSL
import SignIn

/// The identity provider, as the configuration has it under `oidc`.
struct OpenIDConfiguration: Sendable {
    /// What it is, and what its claims come to.
    let settings: OpenIDSettings
    private let secretFile: String?
    private let caFile: String?

    /// Reads the settings; nil when no provider is configured.
    ///
    /// - Parameters:
    ///   - roles: what the file has under `oidc.roles`.
    ///   - publicURL: the server's address as browsers have it.
    init?(_ reader: SettingReader, roles: [RoleMapping.Rule], publicURL: String?) throws(Failure) {
        guard let issuer = reader.text(.openIDIssuer) else {
            guard roles.isEmpty, reader.text(.openIDClientID) == nil else {
                throw Failure("oidc.issuer is needed too, to say who the identity provider is")
            }
            return nil
        }
        guard ProviderMetadata.isSecure(issuer), !issuer.contains("?") else {
            throw Failure("oidc.issuer must be an address that begins with https:// (http:// is for this machine only)")
        }
        guard let clientID = reader.text(.openIDClientID) else { throw Failure("oidc.issuer needs oidc.clientId too") }
        guard let publicURL, ProviderMetadata.isSecure(publicURL) else {
            throw Failure(
                "oidc.issuer needs signIn.publicUrl too, with https://, to lead people back from the identity provider"
            )
        }
        var settings = OpenIDSettings(
            issuer: issuer,
            clientID: clientID,
            publicURL: publicURL,
            name: reader.text(.openIDName)
        )
        settings.scopes = reader.text(.openIDScopes) ?? settings.scopes
        guard settings.scopes.split(separator: " ").contains("openid") else {
            throw Failure("oidc.scopes must have openid among them")
        }
        settings.userNameClaim = reader.text(.openIDUserNameClaim) ?? settings.userNameClaim
        settings.maximumAge = try reader.span(.openIDMaximumAge)
        settings.contexts = (reader.text(.openIDContexts) ?? "").split(separator: " ").map(String.init)
        settings.asksUserInfo = try reader.flag(.openIDUserInfo) ?? false
        settings.areAccountsHidden = try reader.flag(.openIDHideAccounts) ?? false
        settings.roles.rules = roles
        settings.roles.isAnybodyOwner =
            try reader.read(.openIDDefaultRole, "owner or none") { ["owner": true, "none": false][$0] } ?? false
        guard !roles.isEmpty || settings.roles.isAnybodyOwner else {
            throw Failure("nobody could sign in: give rules in oidc.roles (docs/sign-in.md), or oidc.defaultRole owner")
        }
        self.settings = settings
        self.secretFile = reader.text(.openIDSecretFile)
        self.caFile = reader.text(.openIDCAFile)
    }

    /// The provider. Its files are read now to see that they can be; nothing is asked of it.
    func provider(
        patience: TimeSpan,
        clock: @escaping @Sendable () -> Timestamp
    ) throws(Failure) -> IdentityProvider {
        var tls: TLSConfiguration?
        if let caFile {
            do {
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.minimumTLSVersion = .tlsv12
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
                tls = configuration
            } catch {
                throw Failure("oidc.caFile cannot be read: \(error)")
            }
        }
        let file = self.secretFile.map { SecretFile($0, credentials: Environment["CREDENTIALS_DIRECTORY"]) }
        var secret: (@Sendable () throws -> SecretBytes)?
        if let file {
            do { _ = try file.line() } catch { throw Failure("oidc.clientSecretFile: \(error)") }
            secret = { () throws -> SecretBytes in try file.line() }
        }
        return IdentityProvider(
            settings: self.settings,
            secret: secret,
            tls: tls,
            patience: patience,
            clock: clock
        )
    }
}

/// What a configuration file has under `oidc.roles`.
enum OpenIDRoles {
    private struct File: Decodable {
        struct OpenID: Decodable { let roles: [Written]? }
        let oidc: OpenID?
    }

    private struct Written: Decodable {
        private struct AnyKey: CodingKey {
            let stringValue: String
            let intValue: Int? = nil
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        private enum Key: String, CodingKey, CaseIterable { case claim, value, role, groups }

        let claim: String
        let value: String
        let role: String
        let groups: [String]?

        init(from decoder: any Decoder) throws {
            for key in try decoder.container(keyedBy: AnyKey.self).allKeys
            where Key(stringValue: key.stringValue) == nil {
                throw DecodingError.dataCorrupted(
                    DecodingError.Context(
                        codingPath: decoder.codingPath + [key],
                        debugDescription: "a rule has no such member; it has claim, value, role, groups"
                    )
                )
            }
            let members = try decoder.container(keyedBy: Key.self)
            self.claim = try members.decode(String.self, forKey: .claim)
            self.value = try members.decode(String.self, forKey: .value)
            self.role = try members.decode(String.self, forKey: .role)
            self.groups = try members.decodeIfPresent([String].self, forKey: .groups)
        }
    }

    /// Reads the member, which may lack.
    static func read(_ bytes: [UInt8], path: String) throws(Failure) -> [RoleMapping.Rule] {
        let written: [Written]
        do { written = try JSONDecoder().decode(File.self, from: Data(bytes)).oidc?.roles ?? [] } catch {
            throw Failure("\(path): oidc.roles: \(Self.text(of: error))")
        }
        var rules: [RoleMapping.Rule] = []
        for (number, rule) in written.enumerated() {
            let place = "\(path): oidc.roles, number \(number + 1)"
            guard !rule.claim.isEmpty, !rule.value.isEmpty else {
                throw Failure("\(place): claim and value must not be empty")
            }
            guard let role = Role(rawValue: rule.role), RoleMapping.roles.contains(role) else {
                let words = RoleMapping.roles.map(\.rawValue).joined(separator: ", ")
                throw Failure("\(place): role must be one of \(words)")
            }
            guard rule.groups.map({ !$0.isEmpty && !$0.contains("") }) ?? true else {
                throw Failure("\(place): groups must name at least one; leave it out for every device")
            }
            rules.append(
                RoleMapping.Rule(claim: rule.claim, value: rule.value, role: role, groups: rule.groups.map { Set($0) })
            )
        }
        return rules
    }

    private static func text(of error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _)?: "a rule needs \(key.stringValue)"
        case .dataCorrupted(let context)?, .typeMismatch(_, let context)?, .valueNotFound(_, let context)?:
            (context.codingPath.last.map { "\($0.stringValue): " } ?? "") + context.debugDescription
        default: "it cannot be read"
        }
    }
}
