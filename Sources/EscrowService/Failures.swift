package import BitLocker
package import EscrowModel
import EscrowStore

extension EscrowService {
    /// Takes a device's word that it could not do what escrow needs on a volume.
    ///
    /// - Parameter code: a Windows error such as `0x80310060`, or one word: 1 to 64 letters, digits or `. _ -`.
    package func reportFailure(
        volume: GUID,
        code: String,
        by caller: Caller
    ) async throws(EscrowError) -> EscrowStatus {
        try Self.check(failureCode: code)
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<EscrowStatus> in
            guard var device = try self.device(of: caller, in: transaction) else { return .refused(.notAuthenticated) }
            guard let permit = self.permit(.reportFailure, by: caller, on: device, at: now) else {
                return self.refusal(of: .reportFailure, by: caller, on: device)
            }
            guard let volume = try transaction.volume(volume, of: device) else { return .refused(Self.unknownVolume) }
            var transition = try self.transition(volume, of: device, in: transaction, permit)
            transition.volume.failure = VolumeFailure(reason: .deviceReported, at: now, detail: code)
            transition.events.append(transition.event(.failureReported, .failure, detail: code))
            try transition.settle(in: transaction)
            try self.refreshStatus(of: &device, at: now, in: transaction)
            return .done(transition.volume.status, transition.events)
        }
    }

    /// A deposit or failure about a volume that no check-in has named.
    static var unknownVolume: EscrowError {
        .conflict(code: "volumeUnknown", problem: "No check-in has reported this volume; check in first.")
    }

    /// Throws `EscrowError.invalid` for a code that is not 1 to 64 letters, digits or `. _ -`.
    static func check(failureCode code: String) throws(EscrowError) {
        let isAllowed = code.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isAllowed, (1...64).contains(code.utf8.count) else {
            throw .invalid(field: "code", problem: "must be 1 to 64 letters, digits or . _ -")
        }
    }
}
