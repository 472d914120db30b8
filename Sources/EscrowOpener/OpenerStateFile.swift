import DurableFiles

/// The file that the opener's state is kept in: replaced as a whole, at most once a second, never by the thread that opens.
package struct OpenerStateFile: Sendable {
    private let file: LatestFile

    /// Names a file.
    ///
    /// - Parameters:
    ///   - path: where it is or will be.
    ///   - onFailure: told, in a sentence, each time that it cannot be written.
    package init(path: String, onFailure: @escaping @Sendable (String) -> Void) {
        self.file = LatestFile(path: path) { problem in
            onFailure("how far the audit log was seen cannot be kept in \(path): \(problem.reason)")
        }
    }

    /// Where the file is.
    package var path: String { self.file.path }

    /// What is in the file; nil when there is none. Throws a sentence for a file that is damaged.
    func read() throws(OpenerRefusal) -> OpenerState? {
        let bytes: [UInt8]?
        do throws(DurableFileError) {
            bytes = try DurableFile.read(self.path, atMost: OpenerState.longest + 1)
        } catch {
            throw .logLost("\(error.path) cannot be read: \(error.reason)")
        }
        guard let bytes else { return nil }
        guard let state = OpenerState(bytes: bytes) else {
            throw .logLost("\(self.path), which says how far it was seen, is damaged")
        }
        return state
    }

    /// Takes a newer state, to be written within a second.
    func note(_ state: OpenerState) { self.file.note(state.bytes) }

    /// Writes what is not written yet, and waits for it.
    package func flush() { self.file.flush() }
}
