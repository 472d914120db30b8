import EscrowPolicy

/// The policy file on disk.
enum PolicyFile {
    /// Reads a file. Throws what is wrong with it, a line each, with the file's name before it.
    static func read(_ path: String) throws(Failure) -> PolicyDocument {
        let bytes = try SmallFile.read(path)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Failure("\(path) is not UTF-8") }
        do throws(PolicyFileError) {
            return try PolicyDocument(text)
        } catch {
            throw Failure(error.problems.map { "\(path): \($0)" }.joined(separator: "\n"))
        }
    }
}
