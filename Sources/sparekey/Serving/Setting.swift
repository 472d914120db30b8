import Configuration

/// Everything that `serve` can be told, by its key in the configuration file.
///
/// In the environment the same key is in capitals behind `SPAREKEY_`: `escrow.depositPatience` is
/// `SPAREKEY_ESCROW_DEPOSIT_PATIENCE`.
enum Setting: String, CaseIterable, Sendable {
    case data
    case role
    case ingestFile = "ingest.file"
    case listen
    case plainHTTP = "plainHttp"
    case tlsCertificate = "tls.certificate"
    case tlsKey = "tls.key"
    case masterKeyFile = "masterKey.file"
    case passphraseFile = "masterKey.passphraseFile"
    case tokenModule = "masterKey.pkcs11.module"
    case tokenLabel = "masterKey.pkcs11.token"
    case tokenKey = "masterKey.pkcs11.key"
    case tokenPINFile = "masterKey.pkcs11.pinFile"
    case transitAddress = "masterKey.transit.address"
    case transitMount = "masterKey.transit.mount"
    case transitKey = "masterKey.transit.key"
    case transitTokenFile = "masterKey.transit.tokenFile"
    case transitRoleID = "masterKey.transit.roleId"
    case transitSecretIDFile = "masterKey.transit.secretIdFile"
    case transitCAFile = "masterKey.transit.caFile"
    case transitNamespace = "masterKey.transit.namespace"
    case opener
    case openerCallerCap = "opener.callerCap"
    case openerTotalCap = "opener.totalCap"
    case logLevel = "log.level"
    case auditOrigin = "audit.origin"
    case auditAnchor = "audit.anchor"
    case witnesses = "audit.witnesses"
    case witnessesRequired = "audit.witnessesRequired"
    case witnessMode = "audit.witnessMode"
    case witnessMaximumAge = "audit.witnessMaximumAge"
    case policyFile = "policy.file"
    case trustedProxies = "server.trustedProxies"
    case keyringSuite = "keyring.suite"
    case keyringCheckInterval = "keyring.checkInterval"
    case publicURL = "signIn.publicUrl"
    case sessionIdle = "signIn.sessionIdle"
    case sessionLifetime = "signIn.sessionLifetime"
    case openIDIssuer = "oidc.issuer"
    case openIDName = "oidc.name"
    case openIDClientID = "oidc.clientId"
    case openIDSecretFile = "oidc.clientSecretFile"
    case openIDCAFile = "oidc.caFile"
    case openIDScopes = "oidc.scopes"
    case openIDUserNameClaim = "oidc.userNameClaim"
    case openIDDefaultRole = "oidc.defaultRole"
    case openIDMaximumAge = "oidc.maxAge"
    case openIDContexts = "oidc.acrValues"
    case openIDUserInfo = "oidc.userInfo"
    case openIDHideAccounts = "oidc.hideAccounts"
    case maintenanceInterval = "maintenance.interval"
    case requireProof = "escrow.requireProof"
    case depositPatience = "escrow.depositPatience"
    case rotationDelayAfterDisclosure = "escrow.rotationDelayAfterDisclosure"
    case rotationDelayAfterRecovery = "escrow.rotationDelayAfterRecovery"
    case rotationAge = "escrow.rotationAge"
    case rotationDeliveryPatience = "escrow.rotationDeliveryPatience"
    case rotationStepPatience = "escrow.rotationStepPatience"
    case rotationRetryDelay = "escrow.rotationRetryDelay"
    case retiredRetention = "escrow.retiredRetention"
    case supersededRetention = "escrow.supersededRetention"
    case checkInInterval = "escrow.checkInInterval"
    case proofConcurrency = "escrow.proofConcurrency"
    case proofBacklog = "escrow.proofBacklog"

    /// The key as swift-configuration has it.
    var key: ConfigKey { ConfigKey(self.rawValue) }

    /// The same as an absolute key.
    var absoluteKey: AbsoluteConfigKey { AbsoluteConfigKey(self.rawValue.split(separator: ".").map(String.init)) }
}
