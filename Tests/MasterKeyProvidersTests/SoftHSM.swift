import CPKCS11
import EscrowModel
import Glibc
import MasterKeyProviders
import Synchronization

/// A SoftHSM2 with tokens of the tests' own.
///
/// One for all tests: the module reads its configuration's path from the process's environment.
final class SoftHSM: Sendable {
    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    static let pin = "4321"
    static let isHere = access(SoftHSM.module, R_OK) == 0 && Program.run("softhsm2-util", "--version") == 0
    static let shared = try? SoftHSM()

    let folder: Folder

    private init() throws {
        let folder = try Folder()
        mkdir(folder.path + "/tokens", 0o700)
        let text = "directories.tokendir = \(folder.path)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        setenv("SOFTHSM2_CONF", folder.write("softhsm2.conf", text), 1)
        self.folder = folder
    }

    /// Makes a token, and gives where a key of it is to be.
    func token(_ label: String, key: String = "sparekey", pin: String = SoftHSM.pin) -> MasterKeySource.Token {
        Program.run(
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            "87654321",
            "--pin",
            Self.pin
        )
        return self.source(label, key: key, pin: pin)
    }

    /// Where a key is to be.
    func source(_ label: String, key: String = "sparekey", pin: String = SoftHSM.pin) -> MasterKeySource.Token {
        let file = self.folder.write("pin-\(label)-\(pin)", pin + "\n")
        return MasterKeySource.Token(module: Self.module, token: label, key: key, pinFile: file)
    }
}

/// SoftHSM2 behind a function list that says of every token what a test wants: SoftHSM2 itself never locks a PIN.
enum FlaggedSoftHSM {
    /// The flags to add, and those to take away.
    static let flags = Mutex<(added: UInt, removed: UInt)>((0, 0))
    /// How often somebody tried to log in.
    static let logIns = Mutex(0)
    /// Whether AES-GCM is to be missing.
    static let isMechanismMissing = Mutex(false)

    private struct Lists: @unchecked Sendable {
        // Written once, before anybody reads them.
        let own: UnsafeMutablePointer<CK_FUNCTION_LIST>
        let real: UnsafeMutablePointer<CK_FUNCTION_LIST>
    }

    private static let lists: Lists = {
        typealias Function = @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?) -> CK_RV
        let library = dlopen(SoftHSM.module, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)
        var real: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        _ = unsafeBitCast(dlsym(library, "C_GetFunctionList"), to: Function.self)(&real)
        guard let real else { preconditionFailure("SoftHSM2 is no PKCS #11 module") }
        let own = UnsafeMutablePointer<CK_FUNCTION_LIST>.allocate(capacity: 1)
        own.initialize(to: real.pointee)
        own.pointee.C_GetTokenInfo = { slot, info in
            let code = FlaggedSoftHSM.lists.real.pointee.C_GetTokenInfo(slot, info)
            let flags = FlaggedSoftHSM.flags.withLock { $0 }
            if let info { info.pointee.flags = info.pointee.flags & ~flags.removed | flags.added }
            return code
        }
        own.pointee.C_Login = { session, user, pin, length in
            FlaggedSoftHSM.logIns.withLock { $0 += 1 }
            return FlaggedSoftHSM.lists.real.pointee.C_Login(session, user, pin, length)
        }
        own.pointee.C_GetMechanismInfo = { slot, mechanism, info in
            if FlaggedSoftHSM.isMechanismMissing.withLock({ $0 }) { return CKR_MECHANISM_INVALID }
            return FlaggedSoftHSM.lists.real.pointee.C_GetMechanismInfo(slot, mechanism, info)
        }
        return Lists(own: own, real: real)
    }()

    /// The module.
    static let library = TokenLibrary.function { PKCS11Module(functions: FlaggedSoftHSM.lists.own) }
}
