package import EscrowModel

/// A disclosure that is asked for, and that the role matrix allows.
package struct DisclosureRequest: Sendable {
    /// Who asks, and from where.
    package var caller: Caller
    /// The device's group.
    package var group: String
    /// Why.
    package var reason: DisclosureReason
    /// When.
    package var now: Timestamp
    /// When the caller last signed in with their own hands: by default what the caller says; nil for those that never do, such
    /// as holders of tokens.
    package var signedInAt: Timestamp?
    /// The approval of this very disclosure that was given to the caller and not used yet.
    package var approval: GivenApproval?
    /// Whether it goes without an approval, as in an emergency that is on the record as one.
    package var isApprovalWaived = false

    /// Makes a request from its parts.
    package init(
        caller: Caller,
        group: String,
        reason: DisclosureReason,
        now: Timestamp,
        approval: GivenApproval? = nil
    ) {
        self.caller = caller
        self.group = group
        self.reason = reason
        self.now = now
        self.signedInAt = caller.authentication?.time
        self.approval = approval
    }
}
