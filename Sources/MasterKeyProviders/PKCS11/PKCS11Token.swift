import CPKCS11

/// A token, as it described itself.
struct PKCS11Token {
    /// The slot that it is in.
    let slot: CK_SLOT_ID
    /// Its label without the padding.
    let label: String
    /// Its serial number without the padding.
    let serial: String
    /// What it says of its state.
    let flags: UInt

    /// Reads a token's description.
    init(slot: CK_SLOT_ID, info: CK_TOKEN_INFO) {
        self.slot = slot
        self.label = withUnsafeBytes(of: info.label) { Self.text($0) }
        self.serial = withUnsafeBytes(of: info.serialNumber) { Self.text($0) }
        self.flags = info.flags
    }

    /// Throws what keeps a PIN from being tried: that there is none, that it is locked, or that a wrong one would lock it.
    ///
    /// A server that is started again and again with a wrong PIN must not lock the token.
    static func checkPIN(flags: UInt, token: String) throws(PKCS11Error) {
        if flags & CKF_USER_PIN_LOCKED != 0 { throw .pinLocked(token: token) }
        if flags & CKF_USER_PIN_FINAL_TRY != 0 { throw .finalTry(token: token) }
        if flags & CKF_USER_PIN_INITIALIZED == 0 { throw .noPINSet(token: token) }
    }

    /// How many wrong PINs the token still takes, by what it says after a wrong one.
    static func remaining(flags: UInt) -> PKCS11Error.Remaining {
        if flags & CKF_USER_PIN_LOCKED != 0 { return .none }
        if flags & CKF_USER_PIN_FINAL_TRY != 0 { return .one }
        return flags & CKF_USER_PIN_COUNT_LOW != 0 ? .few : .unknown
    }

    private static func text(_ field: UnsafeRawBufferPointer) -> String {
        var bytes = Array(field)
        while let last = bytes.last, last == 0x20 || last == 0 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
