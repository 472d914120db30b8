import AuditLog
package import BitLocker
package import EscrowCrypto
package import EscrowModel
import Synchronization

/// Has the keys held by the opener, another process: the server's side.
///
/// While the opener is away everything is answered with `.unavailable`, and one that this process started is started again.
package final class OpenerClient: KeyHolder {
    /// Whether secrets can be opened.
    private enum Condition {
        case working(OpenerChannel)
        /// Not now, and why.
        case away(String)
        /// The log does not fit: not before somebody has looked into it.
        case lost(String)
    }

    private struct State {
        var condition = Condition.away("the opener was not started yet.")
        var process: OpenerProcess?
        var isClosed = false
        var masterKey: MasterKeyReference
        var proposedMasterKey: MasterKeyReference?
    }

    private let socket: UnixSocket
    private let arguments: [String]?
    private let notice: @Sendable (String) -> Void
    private let state: Mutex<State>
    private let log = Mutex<FollowableLog?>(nil)

    /// Says where the opener is; it is not asked yet.
    ///
    /// - Parameters:
    ///   - socket: where it listens.
    ///   - arguments: the words that this program is started with to become the opener; nil for one that somebody else runs.
    ///   - masterKey: where the master key is.
    ///   - notice: told, in sentences, what people must know.
    package init(
        socket: UnixSocket,
        arguments: [String]?,
        masterKey: MasterKeyReference,
        notice: @escaping @Sendable (String) -> Void
    ) {
        self.socket = socket
        self.arguments = arguments
        self.notice = notice
        self.state = Mutex(State(masterKey: masterKey))
    }

    /// Starts the opener and has it open a keyring, or make one of this suite where there is no document. Throws in its
    /// words.
    package func start(document: [UInt8]?, suite: SealSuite) async throws(OpenerStartError) -> ServerKeys {
        let (channel, keys) = try await self.connect(document: document, suite: suite)
        self.state.withLock { $0.condition = .working(channel) }
        return keys
    }

    /// Shows the opener the log, from where it saw it last, and keeps it running from now on.
    package func follow(_ log: FollowableLog) async throws(OpenerStartError) {
        self.log.withLock { $0 = log }
        guard case .working(let channel) = self.state.withLock({ $0.condition }) else {
            throw OpenerStartError("the opener was not started")
        }
        do throws(OpenerStartError) {
            try await self.show(log, on: channel)
        } catch {
            // A server that cannot disclose still takes deposits, and says why.
            self.lose(error.description)
        }
        Task { await self.keepUp(channel) }
    }

    /// Lets the opener go.
    package func close() async {
        let (channel, process) = self.state.withLock { state -> (OpenerChannel?, OpenerProcess?) in
            state.isClosed = true
            defer { state.condition = .away("the server is being stopped.") }
            guard case .working(let channel) = state.condition else { return (nil, state.process) }
            return (channel, state.process)
        }
        channel?.end()
        guard let process else { return }
        // It ends by itself once it has kept what it must.
        let isOver = await Self.wait(for: .seconds(5)) { process.hasEnded }
        if !isOver { process.kill() }
        await process.ended()
    }

    package func obstacle() -> KeyHolderError? {
        switch self.state.withLock({ $0.condition }) {
        case .working: nil
        case .away(let reason), .lost(let reason): .unavailable(reason)
        }
    }

    package func open(_ sealed: SealedSecret, evidence: LogEvidence) async throws(KeyHolderError) -> SecretBytes {
        guard case .secret(let secret) = try await self.ask(.open(sealed, evidence: evidence)) else {
            throw Self.strange
        }
        return secret.withUnsafeBytes { bytes in SecretBytes(count: bytes.count) { $0.copyMemory(from: bytes) } }
    }

    package func prove(_ sealed: SealedSecret, by metadata: [UInt8]) async throws(KeyHolderError) -> Proof {
        guard case .proof(let proof) = try await self.ask(.prove(sealed, metadata: metadata)) else {
            throw Self.strange
        }
        return proof
    }

    package func rewrap(_ batch: [SealedSecret]) async throws(KeyHolderError) -> [Result<[UInt8], SealError>] {
        guard case .rewrapped(let results) = try await self.ask(.rewrap(batch)), results.count == batch.count else {
            throw Self.strange
        }
        return results
    }

    package func propose(
        _ changes: [KeyringChange],
        at now: Timestamp,
        evidence: LogEvidence?
    ) async throws(KeyHolderError) -> KeyringProposal {
        let answer = try await self.ask(.propose(changes, now: now, evidence: evidence))
        guard case .proposal(let proposal) = answer else { throw Self.strange }
        self.state.withLock { state in
            state.proposedMasterKey = nil
            for case .changeMasterKey(let reference) in changes { state.proposedMasterKey = reference }
        }
        return proposal
    }

    package func adopt(_ document: [UInt8], evidence: LogEvidence) async throws(KeyHolderError) {
        guard case .done = try await self.ask(.adopt(document: document, evidence: evidence)) else {
            throw Self.strange
        }
        self.state.withLock { state in
            state.masterKey = state.proposedMasterKey ?? state.masterKey
            state.proposedMasterKey = nil
        }
    }

    package func failedCanaries() async throws(KeyHolderError) -> [CanaryFailure] {
        guard case .canaries(let failures) = try await self.ask(.canaries) else { throw Self.strange }
        return failures
    }

    package func check(_ document: [UInt8]) async throws(KeyHolderError) -> [CanaryFailure] {
        guard case .canaries(let failures) = try await self.ask(.check(document: document)) else { throw Self.strange }
        return failures
    }

    private func ask(_ request: OpenerRequest) async throws(KeyHolderError) -> OpenerAnswer {
        switch self.state.withLock({ $0.condition }) {
        case .away(let reason), .lost(let reason): throw .unavailable(reason)
        case .working(let channel):
            let answer = await channel.ask(request)
            if case .failed(let error) = answer { throw error }
            return answer
        }
    }

    private static let strange = KeyHolderError.unavailable("the opener answered something else than it was asked.")
}

/// How the opener is started, shown the log, and started again.
extension OpenerClient {
    /// How long a secret may take to be opened before the opener counts as hung.
    private static let patience = Duration.seconds(10)
    private static let leavesAtOnce = 16_384

    /// Starts the opener where that is ours to do, connects, and has the keyring opened.
    private func connect(
        document: [UInt8]?,
        suite: SealSuite
    ) async throws(OpenerStartError) -> (OpenerChannel, ServerKeys) {
        let process = try await self.startProcess()
        let channel = OpenerChannel(try await self.connection(to: process)) { error in self.lose(error.description) }
        let masterKey = self.state.withLock { $0.masterKey }
        switch await channel.ask(.start(document: document, masterKey: masterKey, suite: suite)) {
        case .started(let keys, let notices):
            for notice in notices { self.notice(notice) }
            return (channel, keys)
        case .failed(let error):
            channel.end()
            process?.kill()
            throw OpenerStartError(error.description)
        default:
            channel.end()
            process?.kill()
            throw OpenerStartError("the opener answered something else than it was asked")
        }
    }

    private func startProcess() async throws(OpenerStartError) -> OpenerProcess? {
        guard let arguments = self.arguments else { return nil }
        let process = try await OpenerProcess.start(arguments: arguments)
        let isClosed = self.state.withLock { state in
            state.process = process
            return state.isClosed
        }
        guard !isClosed else {
            process.kill()
            throw OpenerStartError("the server is being stopped")
        }
        return process
    }

    private func connection(to process: OpenerProcess?) async throws(OpenerStartError) -> SocketDescriptor {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let socket = try self.socket.connect(), process == nil || socket.peer?.process == process?.pid {
                return socket
            }
            guard process?.hasEnded != true else { throw OpenerStartError("the opener ended before it could be asked") }
            try? await Task.sleep(for: .milliseconds(2))
        }
        process?.kill()
        throw OpenerStartError("the opener does not listen on \(self.socket.path)")
    }

    /// Shows the log from where it was seen last.
    private func show(_ log: FollowableLog, on channel: OpenerChannel) async throws(OpenerStartError) {
        do {
            var seen: UInt64
            switch await channel.ask(.follow(key: log.key.description)) {
            case .position(let size?): seen = size
            case .position(nil): seen = try await self.introduce(log, on: channel)
            case let answer: throw Self.error(of: answer)
            }
            while true {
                let leaves = try await log.leaves(seen, Self.leavesAtOnce)
                guard leaves.count == Self.leavesAtOnce else { break }
                channel.tell(.extend(LogExtension(from: seen, hashes: leaves, note: nil)))
                seen += UInt64(leaves.count)
            }
            try await log.follow(seen) { channel.tell(.extend($0)) }
            let answer = await channel.ask(.position)
            guard case .position(.some) = answer else { throw Self.error(of: answer) }
        } catch let error as OpenerStartError {
            throw error
        } catch {
            throw OpenerStartError("the opener cannot be shown the audit log: \(error)")
        }
    }

    private func introduce(_ log: FollowableLog, on channel: OpenerChannel) async throws -> UInt64 {
        let (edge, note) = try await log.head()
        let answer = await channel.ask(.trust(edge: edge, note: note))
        guard case .done = answer else { throw Self.error(of: answer) }
        if edge.size > 0 {
            self.notice(
                "warning: the opener had not seen the audit log before and takes its \(edge.size) entries as they are; if "
                    + "this is not the first start with an opener, find out who took away opener.checkpoint"
            )
        }
        return edge.size
    }

    private static func error(of answer: OpenerAnswer) -> OpenerStartError {
        guard case .failed(let error) = answer else {
            return OpenerStartError("the opener answered something else than it was asked")
        }
        return OpenerStartError(error.description)
    }

    private func lose(_ reason: String) {
        let isNew = self.state.withLock { state in
            if case .lost = state.condition { return false }
            state.condition = .lost(reason)
            return !state.isClosed
        }
        if isNew { self.notice("error: no key can be disclosed: \(reason)") }
    }

    /// Waits for the opener's end, and starts it again, until the server ends or the log is lost.
    private func keepUp(_ first: OpenerChannel) async {
        var channel = first
        var delay = Duration.milliseconds(100)
        while true {
            let begin = ContinuousClock.now
            await self.watch(channel)
            guard self.depart("the opener process has ended; it is being started again.") else { return }
            if ContinuousClock.now - begin > .seconds(60) { delay = .milliseconds(100) }
            while true {
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(30))
                do throws(OpenerStartError) {
                    channel = try await self.restart()
                    break
                } catch {
                    guard self.depart("\(error)") else { return }
                    self.notice("error: the opener cannot be started: \(error)")
                }
            }
        }
    }

    private func restart() async throws(OpenerStartError) -> OpenerChannel {
        guard let log = self.log.withLock({ $0 }) else { throw OpenerStartError("there is no log to follow") }
        let document: [UInt8]?
        do { document = try await log.document() } catch {
            throw OpenerStartError("the keyring cannot be read: \(error)")
        }
        guard let document else { throw OpenerStartError("there is no keyring") }
        // A keyring that is there keeps its own suites.
        let (channel, _) = try await self.connect(document: document, suite: .p256)
        do throws(OpenerStartError) {
            try await self.show(log, on: channel)
        } catch {
            channel.end()
            throw error
        }
        let isTaken = self.state.withLock { state in
            guard !state.isClosed, case .away = state.condition else { return false }
            state.condition = .working(channel)
            return true
        }
        guard isTaken else {
            channel.end()
            throw OpenerStartError("it is not wanted any more")
        }
        self.notice("the opener process was started again")
        return channel
    }

    /// Notes that the opener is away; false when it is not to be started again.
    private func depart(_ reason: String) -> Bool {
        let process = self.state.withLock { state -> OpenerProcess?? in
            guard !state.isClosed else { return .none }
            if case .lost = state.condition { return .none }
            state.condition = .away(reason)
            return .some(state.process)
        }
        guard let process else { return false }
        process?.kill()
        return true
    }

    /// Returns when a connection has ended, or was ended because nothing is answered on it any more.
    private func watch(_ channel: OpenerChannel) async {
        let watchdog = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                if channel.isStuck(after: Self.patience) { channel.end() }
            }
        }
        await channel.ended()
        watchdog.cancel()
    }

    private static func wait(for patience: Duration, until condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}
