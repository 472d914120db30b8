import ArgumentParser
import EscrowAPI
import EscrowCrypto
import EscrowModel
import Glibc

/// `sparekey break-glass open`.
struct BreakGlassOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Opens the emergency access with shares, and prints a token alone on standard output.",
        discussion: """
            Shares are read from standard input, or from --shares-file: each over as many lines as it likes, a mistyped one \
            is named. With --server no token is needed: the shares are the credential.

            That it was opened is an alarm, and all that is done with the token is on the record under the setup's ID. It \
            opens once: set up anew afterwards, and rotate what was disclosed.
            """
    )

    @OptionGroup var admin: AdminOptions

    @Option(help: ArgumentHelp("Why, in a few words, for the record.", valueName: "text"))
    var reason: String

    @Option(help: "The ticket it belongs to.")
    var ticket: String?

    @Option(help: ArgumentHelp("A file with the shares.", valueName: "file"))
    var sharesFile: String?

    func run() async throws {
        ProcessHardening.apply()
        let shares = try self.sharesFile.map { try TypedShares.read($0) } ?? TypedShares.ask()
        let request = OpenBreakGlassRequest(shares: shares, reason: self.reason, ticket: self.ticket)
        let answer: OpenBreakGlassAnswer = try await AdminConnection.withoutToken(self.admin) {
            try await $0.post("\(APIPath.breakGlass)/open", request)
        }
        Console.error("\(answer.role.rawValue) on every device until \(answer.endsAt). Everything is on the record.")
        Console.print(answer.token)
    }
}

/// Shares as people type them.
enum TypedShares {
    private static let digitCount = 64

    /// The shares in a file, one after the other, over as many lines as they like. Other lines of a printed share are
    /// passed over.
    static func read(_ path: String) throws(Failure) -> [String] {
        try self.collect(String(decoding: SmallFile.read(path), as: UTF8.self).split(whereSeparator: \.isNewline))
    }

    /// Reads shares from standard input, until there are as many as the first one says are needed.
    static func ask() throws -> [String] {
        guard isatty(STDIN_FILENO) == 1 else { return try self.read("-") }
        Console.error("Type the shares, each in one line or several; dashes, blanks and case do not matter.")
        var shares: [String] = []
        var needed = 2
        while shares.count < needed {
            Console.error("Share \(shares.count + 1)\(shares.isEmpty ? "" : " of \(needed)"):")
            var text = ""
            while self.count(text) < self.digitCount {
                guard let line = readLine() else { throw Failure("there are not enough shares; nothing was opened") }
                text += line
            }
            do throws(BreakGlassShare.Problem) {
                let share = try BreakGlassShare(text)
                needed = share.threshold
                shares.append(text)
            } catch {
                Console.error("This share \(error). Type it again.")
            }
        }
        return shares
    }

    private static func collect(_ lines: [Substring]) throws(Failure) -> [String] {
        var shares: [String] = []
        var text = ""
        for line in lines where self.isPartOfShare(line) {
            text += line + "\n"
            guard self.count(text) >= self.digitCount else { continue }
            do throws(BreakGlassShare.Problem) {
                _ = try BreakGlassShare(text)
            } catch {
                throw Failure("the share at place \(shares.count + 1) \(error)")
            }
            shares.append(text)
            text = ""
        }
        guard self.count(text) == 0 else {
            throw Failure(
                "the share at place \(shares.count + 1) \(BreakGlassShare.Problem.length(found: self.count(text)))"
            )
        }
        guard !shares.isEmpty else { throw Failure("there is no share; each has 64 letters and digits") }
        return shares
    }

    /// Whether a line is not one of those that are printed above a share.
    private static func isPartOfShare(_ line: Substring) -> Bool {
        let groups = line.split { $0 == "-" || $0.isWhitespace }
        return !groups.isEmpty && !line.contains("Sparekey") && !line.hasPrefix("setup ")
    }

    private static func count(_ text: String) -> Int {
        text.utf8.count { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: false
            }
        }
    }
}
