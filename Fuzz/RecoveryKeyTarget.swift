import BitLocker

/// What is read as a `.BEK` file is the same key when it is written and read again.
func feedRecoveryKey(_ input: [UInt8]) {
    guard let key = try? RecoveryKey(parsing: input) else { return }
    let file = key.withFileBytes { span in span.indices.map { span[$0] } }
    expect(file.count == 156, "156 bytes are written")
    expect(try RecoveryKey(parsing: file).matches(key), "what is written is read as the same")
}
