package import BitLocker
package import EscrowModel

/// What a secret is, as the seal binds it: a record moved to another device, volume or protector does not open.
///
/// Names, groups and owners are not bound, for they change.
package struct SealContext: Hashable, Sendable {
    /// The device that deposited the secret.
    package let device: GUID
    /// The volume that the secret unlocks.
    package let volume: GUID
    /// The key protector whose secret it is.
    package let protector: GUID
    /// The number of the secret among those deposited for the protector, from 1.
    package let keyVersion: Int
    private let kind: String

    /// Describes a secret in escrow.
    package init(device: GUID, volume: GUID, protector: GUID, kind: SecretKind, keyVersion: Int) {
        self.init(device: device, volume: volume, protector: protector, kind: kind.rawValue, keyVersion: keyVersion)
    }

    /// The kind of the secret; nil for a canary.
    package var secretKind: SecretKind? { SecretKind(rawValue: self.kind) }

    private init(device: GUID, volume: GUID, protector: GUID, kind: String, keyVersion: Int) {
        self.device = device
        self.volume = volume
        self.protector = protector
        self.kind = kind
        self.keyVersion = keyVersion
    }

    /// Describes a keyring version's canary, which can never pass for a secret in escrow: its kind is none of theirs.
    static func canary(keyring: GUID, version: Int) -> SealContext {
        let none = GUID(high: 0, low: 0)
        return SealContext(device: keyring, volume: none, protector: none, kind: "canary", keyVersion: version)
    }

    /// The bytes that go into the seal: canonical JSON (RFC 8785), such as
    /// `{"device":"…","keyVersion":1,"kind":"recoveryPassword","protector":"…","v":1,"volume":"…"}`.
    package var canonicalBytes: [UInt8] {
        var members = self.stableMembers
        members["keyVersion"] = .number(Int64(self.keyVersion))
        return CanonicalText.object(members).bytes
    }

    /// The bytes that go into a fingerprint: the same without the key version, since the same secret deposited again must
    /// be recognised whatever number it would get.
    var fingerprintBytes: [UInt8] { CanonicalText.object(self.stableMembers).bytes }

    private var stableMembers: [String: CanonicalText] {
        [
            "device": .text(self.device.description),
            "kind": .text(self.kind),
            "protector": .text(self.protector.description),
            "v": .number(1),
            "volume": .text(self.volume.description),
        ]
    }
}
