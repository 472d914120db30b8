import AuditLog

/// An export, whatever is in it, is judged; JSON that is read is canonical once it is written, and a note is as it was.
func feedAuditExport(_ input: [UInt8]) {
    var verifier = LogVerifier()
    // In two pieces, for the cut is where a reader of streams goes wrong.
    let cut = input.count / 3
    verifier.read(Array(input[..<cut]))
    verifier.read(Array(input[cut...]))
    let verification = verifier.finish()
    var whole = LogVerifier()
    whole.read(input)
    expect(whole.finish().problems == verification.problems, "where the file was cut makes no difference")

    if let value = try? CanonicalJSON(parsing: input) {
        let written = value.bytes
        expect(try CanonicalJSON(parsing: written).bytes == written, "canonical JSON is read and written as it is")
    }
    if let note = try? SignedNote(parsing: input) {
        expect(note.bytes == input, "a signed note is written as it was read")
        _ = try? Checkpoint(verifying: note, by: [])
    }
}
