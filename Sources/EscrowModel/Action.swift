/// Everything that can be asked of the service, in the words of the role matrix and the audit log.
package enum Action: String, CaseIterable, Sendable, Codable {
    case listKeys
    case readDevice
    case revealKey
    case requestRotation
    case cancelRotation
    case retireDevice
    case setLegalHold
    case readAudit
    case exportAudit
    case manageTokens
    case revokeTokens
    case manageEnrolment
    case manageBreakGlass
    case openBreakGlass
    case manageKeyring
    case declareCompromise
    case manageAccounts
    case readAccess
    case readSettings
    case checkIn
    case depositKey
    case reportFailure
    case reportInstruction
    case enforceDeadlines
    case purgeKeys
    case proveBacklog
    case checkKeyring
    case requestApproval
    case decideApproval
    case listApprovals
    case moveDevice
    case readPolicy
    case changePolicy
    case listOwnDevices
    case listOwnApprovals
}
