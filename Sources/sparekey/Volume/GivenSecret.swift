import ArgumentParser
import BitLocker

/// The secret that a command on a volume is given.
struct GivenSecret: ParsableArguments {
    @Option(
        name: .customLong("recovery-password"),
        help: ArgumentHelp(
            "The 48 digits, with or without dashes; - reads them from standard input.",
            discussion: "On the command line every user of this machine can see them (in ps): prefer -.",
            valueName: "password"
        )
    )
    var recoveryPassword: String?

    @Option(
        name: .customLong("recovery-key"),
        help: ArgumentHelp("The recovery key file (.BEK).", valueName: "file"),
        completion: .file(extensions: ["bek", "BEK"])
    )
    var recoveryKey: String?

    func validate() throws {
        guard (self.recoveryPassword == nil) != (self.recoveryKey == nil) else {
            throw ValidationError("Give either --recovery-password or --recovery-key.")
        }
    }

    /// What was given, read.
    enum Value: ~Copyable {
        case password(RecoveryPassword)
        case key(RecoveryKey)
    }

    /// Reads it. Throws a `Failure` with the given exit code that says what is wrong with it.
    func read(failureCode code: Int32) throws(Failure) -> Value {
        do {
            if let path = self.recoveryKey { return .key(try RecoveryKey(parsing: SmallFile.read(path))) }
            guard let text = self.recoveryPassword else { throw Failure("no secret was given") }
            if text == "-" { return .password(try RecoveryPassword(parsing: SmallFile.read("-"))) }
            return .password(try RecoveryPassword(parsing: text))
        } catch let failure as Failure {
            throw Failure(failure.message, code: code)
        } catch {
            throw Failure("\(error)", code: code)
        }
    }
}
