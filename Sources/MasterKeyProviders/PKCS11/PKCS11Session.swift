import CPKCS11
import Crypto

/// One logged-in session with a token. It is over when the closure that it was lent to returns.
struct PKCS11Session {
    private let functions: CK_FUNCTION_LIST
    private let handle: CK_SESSION_HANDLE
    private let token: PKCS11Token

    /// Finds the token, logs in, and lends the session.
    ///
    /// - Parameters:
    ///   - module: the token's module.
    ///   - label: the token's label.
    ///   - pin: the user's PIN.
    ///   - writes: whether an object is to be made.
    ///   - body: what to do.
    static func with<Value>(
        _ module: PKCS11Module,
        token label: String,
        pin: SymmetricKey,
        writes: Bool = false,
        _ body: (PKCS11Session) throws(PKCS11Error) -> Value
    ) throws(PKCS11Error) -> Value {
        try module.initialized { () throws(PKCS11Error) -> Value in
            let token = try module.token(label: label)
            try PKCS11Token.checkPIN(flags: token.flags, token: token.label)
            let functions = module.functions.pointee
            var handle = CK_SESSION_HANDLE()
            let flags = CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0)
            try PKCS11Module.check("C_OpenSession", functions.C_OpenSession(token.slot, flags, nil, nil, &handle))
            defer { _ = functions.C_CloseSession(handle) }
            try Self.logIn(handle, module, token, pin)
            defer { _ = functions.C_Logout(handle) }
            return try body(PKCS11Session(functions: functions, handle: handle, token: token))
        }
    }

    private static func logIn(
        _ handle: CK_SESSION_HANDLE,
        _ module: PKCS11Module,
        _ token: PKCS11Token,
        _ pin: SymmetricKey
    ) throws(PKCS11Error) {
        let code = pin.withUnsafeBytes { bytes in
            module.functions.pointee.C_Login(
                handle,
                CKU_USER,
                // PKCS #11 has no const; the function reads only.
                UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)),
                UInt(bytes.count)
            )
        }
        switch code {
        case CKR_OK, CKR_USER_ALREADY_LOGGED_IN: return
        case CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE:
            let remaining = (try? module.info(of: token.slot)).map { PKCS11Token.remaining(flags: $0.flags) }
            throw .wrongPIN(token: token.label, remaining: remaining ?? .unknown)
        case CKR_PIN_LOCKED: throw .pinLocked(token: token.label)
        case CKR_PIN_EXPIRED: throw .pinExpired(token: token.label)
        case CKR_USER_PIN_NOT_INITIALIZED: throw .noPINSet(token: token.label)
        default: throw .failed(function: "C_Login", code: code)
        }
    }

    // MARK: Keys

    /// The handle of the one secret key with a label; nil when there is none.
    func key(label: String) throws(PKCS11Error) -> CK_OBJECT_HANDLE? {
        var template = PKCS11Template()
        template.add(CKA_CLASS, CKO_SECRET_KEY)
        template.add(CKA_LABEL, Array(label.utf8))
        var code = template.withAttributes { self.functions.C_FindObjectsInit(self.handle, $0, $1) }
        try PKCS11Module.check("C_FindObjectsInit", code)
        var found = [CK_OBJECT_HANDLE](repeating: 0, count: 2)
        var count: UInt = 0
        code = self.functions.C_FindObjects(self.handle, &found, 2, &count)
        _ = self.functions.C_FindObjectsFinal(self.handle)
        try PKCS11Module.check("C_FindObjects", code)
        guard count < 2 else { throw .severalKeys(key: label, token: self.token.label) }
        return count == 0 ? nil : found[0]
    }

    /// Makes an AES-256 key that never leaves the token.
    func makeKey(label: String, id: [UInt8]) throws(PKCS11Error) {
        var template = PKCS11Template()
        template.add(CKA_CLASS, CKO_SECRET_KEY)
        template.add(CKA_KEY_TYPE, CKK_AES)
        template.add(CKA_VALUE_LEN, 32)
        template.add(CKA_LABEL, Array(label.utf8))
        template.add(CKA_ID, id)
        for attribute in [CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_ENCRYPT, CKA_DECRYPT] {
            template.add(attribute, [1])
        }
        for attribute in [CKA_EXTRACTABLE, CKA_WRAP, CKA_UNWRAP] { template.add(attribute, [0]) }
        var mechanism = CK_MECHANISM()
        mechanism.mechanism = CKM_AES_KEY_GEN
        var key = CK_OBJECT_HANDLE()
        let code = template.withAttributes { attributes, count in
            self.functions.C_GenerateKey(self.handle, &mechanism, attributes, count, &key)
        }
        guard code == CKR_OK else { throw .keyNotMade(token: self.token.label, code: code) }
    }

    /// Throws unless a key is for AES, may encrypt and decrypt, and the token can do that with AES-GCM.
    func check(_ key: CK_OBJECT_HANDLE, label: String) throws(PKCS11Error) {
        var info = CK_MECHANISM_INFO()
        let code = self.functions.C_GetMechanismInfo(self.token.slot, CKM_AES_GCM, &info)
        let both = CKF_ENCRYPT | CKF_DECRYPT
        guard code == CKR_OK, info.flags & both == both else {
            throw .mechanismMissing(name: "AES-GCM (CKM_AES_GCM)", token: self.token.label)
        }
        let isAES = try self.attribute(CKA_KEY_TYPE, of: key) == withUnsafeBytes(of: CKK_AES) { Array($0) }
        for attribute in [CKA_ENCRYPT, CKA_DECRYPT] {
            guard isAES, try self.attribute(attribute, of: key) == [1] else {
                throw .unsuitableKey(key: label, token: self.token.label)
            }
        }
    }

    /// A key's attribute as it is in memory; empty when it has none.
    func attribute(_ type: CK_ATTRIBUTE_TYPE, of key: CK_OBJECT_HANDLE) throws(PKCS11Error) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        var length: UInt = 0
        let code = bytes.withUnsafeMutableBytes { buffer in
            var attribute = CK_ATTRIBUTE(type: type, pValue: buffer.baseAddress, ulValueLen: UInt(buffer.count))
            let code = self.functions.C_GetAttributeValue(self.handle, key, &attribute, 1)
            length = attribute.ulValueLen
            return code
        }
        if code == CKR_ATTRIBUTE_TYPE_INVALID { return [] }
        try PKCS11Module.check("C_GetAttributeValue", code)
        return Array(bytes.prefix(Int(length)))
    }

    // MARK: AES-GCM

    /// Encrypts inside the token: ciphertext and tag.
    func encrypt(
        _ plaintext: SymmetricKey,
        with key: CK_OBJECT_HANDLE,
        nonce: [UInt8],
        authenticating context: [UInt8]
    ) throws(PKCS11Error) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: plaintext.bitCount / 8 + PKCS11MasterKey.tagLength + 16)
        var length = UInt(output.count)
        var code = Self.withMechanism(nonce, context) { self.functions.C_EncryptInit(self.handle, $0, key) }
        try PKCS11Module.check("C_EncryptInit", code)
        code = plaintext.withUnsafeBytes { bytes in
            let start = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            return self.functions.C_Encrypt(self.handle, start, UInt(bytes.count), &output, &length)
        }
        try PKCS11Module.check("C_Encrypt", code)
        return Array(output.prefix(Int(length)))
    }

    /// Decrypts inside the token; nil when the tag is not right.
    func decrypt(
        _ sealed: [UInt8],
        with key: CK_OBJECT_HANDLE,
        nonce: [UInt8],
        authenticating context: [UInt8]
    ) throws(PKCS11Error) -> SymmetricKey? {
        var input = sealed
        var output = [UInt8](repeating: 0, count: sealed.count + 16)
        defer { output.wipe() }
        var length = UInt(output.count)
        var code = Self.withMechanism(nonce, context) { self.functions.C_DecryptInit(self.handle, $0, key) }
        try PKCS11Module.check("C_DecryptInit", code)
        code = self.functions.C_Decrypt(self.handle, &input, UInt(input.count), &output, &length)
        switch code {
        case CKR_OK: return SymmetricKey(data: output.prefix(Int(length)))
        // The last is CKR_AEAD_DECRYPT_FAILED of PKCS #11 3.0. Tokens of before had no word for it and say one of the others.
        case CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED, 0x42:
            return nil
        default: throw .failed(function: "C_Decrypt", code: code)
        }
    }

    private static func withMechanism(
        _ nonce: [UInt8],
        _ context: [UInt8],
        _ body: (UnsafeMutablePointer<CK_MECHANISM>) -> CK_RV
    ) -> CK_RV {
        var nonce = nonce
        var context = context
        return nonce.withUnsafeMutableBufferPointer { nonce in
            context.withUnsafeMutableBufferPointer { context in
                var parameters = CK_GCM_PARAMS(
                    pIv: nonce.baseAddress,
                    ulIvLen: UInt(nonce.count),
                    ulIvBits: UInt(8 * nonce.count),
                    pAAD: context.baseAddress,
                    ulAADLen: UInt(context.count),
                    ulTagBits: UInt(8 * PKCS11MasterKey.tagLength)
                )
                return withUnsafeMutableBytes(of: &parameters) { parameters in
                    var mechanism = CK_MECHANISM(
                        mechanism: CKM_AES_GCM,
                        pParameter: parameters.baseAddress,
                        ulParameterLen: UInt(parameters.count)
                    )
                    return body(&mechanism)
                }
            }
        }
    }
}
