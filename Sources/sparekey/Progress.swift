import Glibc

/// How far long work has come, in one line of standard error; nothing when that is not a terminal.
struct Progress {
    private let what: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private var last = ""

    /// Begins.
    init(_ what: String) { self.what = what }

    /// Shows how much is done, and of how much where that is known.
    mutating func show(_ done: some BinaryInteger, of total: (some BinaryInteger)?) {
        guard self.isShown else { return }
        let text = total.map { "\(self.what) \(done)/\($0)" } ?? "\(self.what) \(done)"
        guard text != self.last else { return }
        self.last = text
        self.write("\r\(text)\u{1B}[K")
    }

    /// Takes the line away.
    func end() {
        if self.isShown, !self.last.isEmpty { self.write("\r\u{1B}[K") }
    }

    private func write(_ text: String) { _ = Glibc.write(STDERR_FILENO, text, text.utf8.count) }
}
