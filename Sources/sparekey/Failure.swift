/// Why a command could not do what it was asked to: a sentence that says what is wrong and what to do, without a secret.
struct Failure: Error, CustomStringConvertible {
    /// What is wrong; what to do.
    let message: String
    /// The exit code.
    let code: Int32

    /// The message.
    var description: String { self.message }

    /// Makes a failure.
    init(_ message: String, code: Int32 = 1) {
        self.message = message
        self.code = code
    }
}
