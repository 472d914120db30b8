import BitLocker

/// What is read as a recovery password is the same however it is read, and the same again when written and read.
func feedRecoveryPassword(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    guard let password = try? RecoveryPassword(parsing: input) else {
        expect((try? RecoveryPassword(parsing: text)) == nil, "what is refused as UTF-8 is refused as text")
        return
    }
    expect(try RecoveryPassword(parsing: text).matches(password), "text and its UTF-8 are read as the same")
    let digits = password.withDigits { span in span.indices.map { span[$0] } }
    expect(digits.count == RecoveryPassword.textLength, "55 characters are written")
    expect(try RecoveryPassword(parsing: digits).matches(password), "what is written is read as the same")
}
