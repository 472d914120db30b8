package import Crypto

extension ServerKeys {
    /// What the secrets of people's one-time passwords are derived with: whoever has the database alone has none of them.
    package var signInKey: SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: self.fingerprintKey,
            info: Array("sparekey/sign-in/v1/codes".utf8),
            outputByteCount: 32
        )
    }
}
