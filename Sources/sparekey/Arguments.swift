public import ArgumentParser
public import BitLocker
package import DeviceSimulator
package import EscrowModel

// How the model's types are read from the command line. Words are the API's.

extension GUID: ExpressibleByArgument {
    /// Reads the text form.
    public init?(argument: String) { self.init(argument) }
}

extension TimeSpan: ExpressibleByArgument {
    /// Reads `90s`, `15m`, `24h` or `30d`.
    package init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    /// Reads RFC 3339.
    package init?(argument: String) { self.init(argument) }
}

extension Role: ExpressibleByArgument {
    /// The roles that can be given.
    package static var allValueStrings: [String] { Self.assignable.map(\.rawValue) }

    /// Reads a role that can be given.
    package init?(argument: String) {
        guard let role = Role(rawValue: argument), Self.assignable.contains(role) else { return nil }
        self = role
    }
}

extension DisclosureReason.Code: ExpressibleByArgument {}
extension Approval.State: ExpressibleByArgument {}
extension EscrowStatus.State: ExpressibleByArgument {}
extension EscrowStatus.Reason: ExpressibleByArgument {}
extension EscrowedKey.ProofState: ExpressibleByArgument {}
extension AuditEvent.Kind: ExpressibleByArgument {}
extension AuditEvent.Outcome: ExpressibleByArgument {}
extension AuditExportFormat: ExpressibleByArgument {}
extension SecretKind: ExpressibleByArgument {}
extension VolumeFormatter.Method: ExpressibleByArgument {}
extension Fault: ExpressibleByArgument {}
extension DeviceStep: ExpressibleByArgument {}

/// A number of bytes: `4194304`, `64KiB`, `4MiB` or `1GiB`.
struct ByteCount: ExpressibleByArgument {
    /// The number.
    let bytes: UInt64

    /// As help shows a default.
    var defaultValueDescription: String {
        for (factor, unit) in [(UInt64(1 << 30), "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        where self.bytes != 0 && self.bytes.isMultiple(of: factor) {
            return "\(self.bytes / factor)\(unit)"
        }
        return String(self.bytes)
    }

    /// Takes a number.
    init(_ bytes: UInt64) { self.bytes = bytes }

    /// Reads a number with or without a unit.
    init?(argument: String) {
        let digits = argument.prefix { ("0"..."9").contains($0) }
        guard let count = UInt64(digits) else { return nil }
        let factor: UInt64
        switch argument[digits.endIndex...] {
        case "": factor = 1
        case "KiB", "K": factor = 1 << 10
        case "MiB", "M": factor = 1 << 20
        case "GiB", "G": factor = 1 << 30
        default: return nil
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.bytes = bytes
    }
}
