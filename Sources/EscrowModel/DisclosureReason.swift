/// Why a secret is asked for.
package struct DisclosureReason: Equatable, Sendable {
    /// What happened, by the API's words.
    package enum Code: String, CaseIterable, Sendable, Codable {
        /// A BIOS or UEFI firmware update.
        case firmwareUpdate
        /// A new mainboard or TPM, or other changed hardware.
        case hardwareChange
        /// Too many incorrect PIN attempts.
        case incorrectPIN
        /// A changed Secure Boot configuration.
        case secureBootChange
        /// A forgotten BitLocker PIN or password.
        case forgottenPIN
        /// The drive was moved to a different computer.
        case driveMoved
        /// Data is to be recovered from a device that no longer works.
        case dataRecovery
        /// An order of a court or an authority.
        case legalRequest
        /// A drill.
        case test
        /// Anything else; the comment says what.
        case other
    }

    /// What happened.
    package let code: Code
    /// The ticket it belongs to: 1 to 64 letters, digits or `- _ . # / :`.
    package let ticket: String?
    /// A few words, at most 200 characters without control characters; needed when the code is `other`.
    package let comment: String?

    /// Makes a reason of what was sent.
    ///
    /// Throws `EscrowError.invalid` naming the field that cannot be accepted.
    package init(code: Code, ticket: String?, comment: String?) throws(EscrowError) {
        if let ticket {
            let allowed = ticket.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: "#"), UInt8(ascii: "/"), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
            guard allowed, (1...64).contains(ticket.utf8.count) else {
                throw .invalid(field: "ticket", problem: "must be 1 to 64 letters, digits or - _ . # / :")
            }
        }
        if let comment {
            try Limits.check(text: comment, field: "comment", characters: 1...200)
        }
        guard code != .other || comment != nil else {
            throw .invalid(field: "comment", problem: "is needed when the reason is \"other\"")
        }
        self.code = code
        self.ticket = ticket
        self.comment = comment
    }
}
