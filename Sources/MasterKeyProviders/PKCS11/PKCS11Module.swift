package import CPKCS11
import Glibc

/// How to get at a module.
package enum TokenLibrary: Sendable {
    /// From a shared library.
    case path(String)
    /// By a function, only called on the token's thread.
    case function(@Sendable () -> PKCS11Module)

    /// Gets it.
    func load() throws(PKCS11Error) -> PKCS11Module {
        switch self {
        case .path(let path): try PKCS11Module(path: path)
        case .function(let function): function()
        }
    }
}

/// A token's PKCS #11 module, loaded.
///
/// Not for several threads: `TokenThread` has all that it does. It is initialised for each use and finalised after it, so
/// that a token that is pulled, replaced or given a key in between is seen as it is. The library itself stays loaded: some
/// crash when they are unloaded, or when the process ends while they are initialised.
package struct PKCS11Module {
    /// The module's functions.
    let functions: UnsafeMutablePointer<CK_FUNCTION_LIST>

    /// Takes a module that is loaded already.
    package init(functions: UnsafeMutablePointer<CK_FUNCTION_LIST>) { self.functions = functions }

    /// Loads a module.
    package init(path: String) throws(PKCS11Error) {
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            let reason = dlerror().map { String(cString: $0) } ?? "unknown"
            throw .moduleDoesNotLoad(path: path, reason: reason)
        }
        guard let symbol = dlsym(library, "C_GetFunctionList") else { throw .notAModule(path: path) }
        typealias Function = @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?) -> CK_RV
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        let code = unsafeBitCast(symbol, to: Function.self)(&list)
        guard code == CKR_OK, let list else { throw .failed(function: "C_GetFunctionList", code: code) }
        self.functions = list
    }

    /// Initialises the module while `body` runs.
    func initialized<Value>(_ body: () throws(PKCS11Error) -> Value) throws(PKCS11Error) -> Value {
        var arguments = CK_C_INITIALIZE_ARGS()
        arguments.flags = CKF_OS_LOCKING_OK
        let code = self.functions.pointee.C_Initialize(&arguments)
        // Somebody else in this process has initialised it: it is theirs to finalise.
        if code == CKR_CRYPTOKI_ALREADY_INITIALIZED { return try body() }
        guard code == CKR_OK else { throw .failed(function: "C_Initialize", code: code) }
        defer { _ = self.functions.pointee.C_Finalize(nil) }
        return try body()
    }

    /// The token with a label.
    func token(label: String) throws(PKCS11Error) -> PKCS11Token {
        var found: [PKCS11Token] = []
        var present: [String] = []
        var blank = 0
        for slot in try self.slots() {
            // A token that goes away between the two calls is not there.
            guard let info = try? self.info(of: slot) else { continue }
            guard info.flags & CKF_TOKEN_INITIALIZED != 0 else {
                blank += 1
                continue
            }
            let token = PKCS11Token(slot: slot, info: info)
            present.append(token.label)
            if token.label == label { found.append(token) }
        }
        guard let token = found.first else { throw .noToken(label: label, present: present, blank: blank) }
        guard found.count == 1 else { throw .severalTokens(label: label, serials: found.map(\.serial)) }
        return token
    }

    /// What a slot's token says of itself now.
    func info(of slot: CK_SLOT_ID) throws(PKCS11Error) -> CK_TOKEN_INFO {
        var info = CK_TOKEN_INFO()
        try Self.check("C_GetTokenInfo", self.functions.pointee.C_GetTokenInfo(slot, &info))
        return info
    }

    private func slots() throws(PKCS11Error) -> [CK_SLOT_ID] {
        let withToken: UInt8 = 1
        var count: UInt = 0
        try Self.check("C_GetSlotList", self.functions.pointee.C_GetSlotList(withToken, nil, &count))
        // Room for tokens that are plugged in meanwhile.
        count += 8
        var slots = [CK_SLOT_ID](repeating: 0, count: Int(count))
        try Self.check("C_GetSlotList", self.functions.pointee.C_GetSlotList(withToken, &slots, &count))
        return Array(slots.prefix(Int(count)))
    }

    static func check(_ function: String, _ code: CK_RV) throws(PKCS11Error) {
        guard code == CKR_OK else { throw .failed(function: function, code: code) }
    }
}
