package import AsyncHTTPClient
import AuditLog
package import EscrowModel
package import EscrowService
package import Logging
import NIOCore
import ServiceLifecycle

/// Has each new checkpoint of the audit log cosigned by its witnesses, and hears what they object to.
///
/// Each witness is asked on its own, so one that hangs slows nobody; at most once a second, with what is the head by then;
/// and from time to time though nothing is new, since a cosignature is worth something only while it is young.
package struct WitnessSubmission: Service {
    /// How long to wait from one question to the next.
    private static let interval = Duration.seconds(1)
    /// How long to wait after a witness failed, at most.
    private static let longestWait = Duration.seconds(10)

    private let service: EscrowService
    private let witnesses: [WitnessAddress]
    private let refresh: Duration
    private let client: WitnessClient
    private let logger: Logger
    private let heads: Heads

    /// Makes the submission.
    ///
    /// - Parameters:
    ///   - service: whose log it is.
    ///   - witnesses: who is asked.
    ///   - maximumAge: how old a cosignature may be; a new one is asked for well before.
    ///   - client: does not follow redirects.
    ///   - logger: told what goes wrong.
    package init(
        service: EscrowService,
        witnesses: [WitnessAddress],
        maximumAge: TimeSpan,
        client: HTTPClient,
        logger: Logger
    ) {
        self.service = service
        self.witnesses = witnesses
        self.refresh = min(.milliseconds(maximumAge.milliseconds / 3), .seconds(60))
        self.client = WitnessClient(client: client, timeout: .seconds(5))
        self.logger = logger
        self.heads = Heads(service: service, interval: Self.interval)
    }

    /// Asks until the task is cancelled or a graceful shutdown begins.
    package func run() async throws {
        guard !self.witnesses.isEmpty else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for witness in self.witnesses { group.addTask { await self.attend(witness) } }
            }
        }
    }

    private func attend(_ witness: WitnessAddress) async {
        var size = (try? await self.service.cosignedSize(by: witness.key)) ?? 0
        var cosigned: (text: String, at: ContinuousClock.Instant)?
        var wait = Self.interval
        while !Task.isCancelled {
            if let head = await self.heads.latest() {
                let isOld = cosigned.map { ContinuousClock.now - $0.at >= self.refresh } ?? true
                if isOld || cosigned?.text != head.note.text {
                    if await self.submit(head, to: witness, from: &size) {
                        cosigned = (head.note.text, ContinuousClock.now)
                        wait = Self.interval
                    } else {
                        wait = min(wait * 2, Self.longestWait)
                    }
                }
            }
            try? await Task.sleep(for: wait)
        }
    }

    /// Whether the witness cosigned.
    private func submit(_ head: Head, to witness: WitnessAddress, from size: inout UInt64) async -> Bool {
        // A second time where the witness knows better how far it has come.
        for _ in 0..<2 {
            guard size <= head.size else { return await self.objects(.rewound, witness, size: size) }
            guard let proof = try? await self.service.logConsistency(from: size, to: head.size) else {
                self.fails("the log's hashes cannot be read", witness)
                return false
            }
            let request = WitnessRequest(oldSize: size, hashes: proof.hashes, checkpoint: head.note)
            switch await self.client.send(request, to: witness) {
            case .cosigned(let signatures): return await self.take(signatures, head, witness, &size)
            case .inconsistent: return await self.objects(.forked, witness, size: size)
            case .failed(let why):
                self.fails(why, witness)
                return false
            case .hasSize(size): return await self.objects(.forked, witness, size: size)
            case .hasSize(let other):
                guard other <= head.size else {
                    // Others may have put entries on the log since this head was read.
                    guard let now = try? await self.service.logHead(), other <= now.size else {
                        return await self.objects(.rewound, witness, size: other)
                    }
                    return false
                }
                size = other
            }
        }
        return false
    }

    private func take(
        _ signatures: [NoteSignature],
        _ head: Head,
        _ witness: WitnessAddress,
        _ size: inout UInt64
    ) async -> Bool {
        do throws(EscrowError) {
            try await self.service.cosigned(head.note, size: head.size, by: witness.key, with: signatures)
            size = head.size
            return true
        } catch {
            if case .invalid(let field, let problem) = error {
                self.fails("its cosignature cannot be believed: its \(field) \(problem)", witness)
            }
            return false
        }
    }

    private func objects(
        _ objection: WitnessStanding.Objection,
        _ witness: WitnessAddress,
        size: UInt64
    ) async -> Bool {
        let isNews = (try? await self.service.witnessObjects(objection, by: witness.key)) ?? true
        if isNews {
            self.logger.critical(
                """
                the witness \(witness.key.name) has cosigned the audit log at size \(size), and this is not that log: \
                it was \(objection.rawValue). Was an old backup restored? Restore the newest one
                """
            )
        }
        return false
    }

    private func fails(_ why: String, _ witness: WitnessAddress) {
        guard self.service.witnesses.failed(why, by: witness.key) else { return }
        self.logger.warning("the witness \(witness.key.name) did not cosign the audit log: \(why)")
    }
}

/// A signed checkpoint that witnesses are asked to cosign.
private struct Head: Sendable {
    let note: SignedNote
    let size: UInt64
}

/// The head of the log, the same for all who ask within a second: so that all cosign the same checkpoint.
private actor Heads {
    private let service: EscrowService
    private let interval: Duration
    private var head: Head?
    private var readAt: ContinuousClock.Instant?

    init(service: EscrowService, interval: Duration) {
        self.service = service
        self.interval = interval
    }

    func latest() async -> Head? {
        if let readAt, ContinuousClock.now - readAt < self.interval { return self.head }
        guard let found = try? await self.service.logHead() else { return self.head }
        self.head = Head(note: found.note, size: found.size)
        self.readAt = ContinuousClock.now
        return self.head
    }
}
