import EscrowAPI
import EscrowModel
import EscrowService
import EscrowStore
import Hummingbird

/// `/api/keyring`. The policy lets only somebody on the server's own console use it.
struct KeyringRoutes: Sendable {
    let service: EscrowService

    func add(to keyring: RouterGroup<AuthenticatedContext>) {
        keyring.get("", use: self.show)
        keyring.post("rotate", use: self.rotate)
        keyring.post("rewrap", use: self.rewrap)
        keyring.post("ingest-export", use: self.exportIngest)
        keyring.delete("versions/{version}", use: self.destroy)
        keyring.post("recovery-keys", use: self.addRecoveryKey)
        keyring.delete("recovery-keys/{recoveryKeyId}", use: self.removeRecoveryKey)
    }

    @Sendable
    private func show(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        return try JSONAnswer.response(KeyringAnswer(try await self.service.keyring(by: context.caller)))
    }

    @Sendable
    private func rotate(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(RotateKeyringRequest.self, of: request.headers)
        let status = try await self.service.rotateKeyring(suite: wanted.suite, by: context.caller)
        return try JSONAnswer.response(KeyringAnswer(status))
    }

    @Sendable
    private func rewrap(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let rewrap = try await self.service.rewrapKeyring(by: context.caller)
        return try JSONAnswer.response(RewrapAnswer(rewrap))
    }

    @Sendable
    private func exportIngest(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let bytes = try await self.service.exportIngestKeys(by: context.caller)
        return try JSONAnswer.response(IngestExportAnswer(file: String(decoding: bytes, as: UTF8.self)))
    }

    @Sendable
    private func destroy(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        guard let number = Int(try context.parameters.require("version")) else { throw Problem.notFound }
        _ = try QueryParameters<NoParameter>(of: request)
        let status = try await self.service.destroyKeyringVersion(number, by: context.caller)
        return try JSONAnswer.response(KeyringAnswer(status))
    }

    @Sendable
    private func addRecoveryKey(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let wanted = try context.content.decodeStrictly(AddRecoveryKeyRequest.self, of: request.headers)
        let status = try await self.service.addRecoveryKey(wanted.publicKey, by: context.caller)
        return try JSONAnswer.response(KeyringAnswer(status))
    }

    @Sendable
    private func removeRecoveryKey(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let id = try context.parameters.require("recoveryKeyId")
        _ = try QueryParameters<NoParameter>(of: request)
        let status = try await self.service.removeRecoveryKey(id, by: context.caller)
        return try JSONAnswer.response(KeyringAnswer(status))
    }
}

extension KeyringAnswer {
    fileprivate init(_ status: KeyringStatus) {
        self.init(
            id: status.id,
            generation: status.generation,
            sealEpoch: status.sealEpoch,
            masterKey: status.masterKey,
            versions: status.versions.map { version in
                Version(
                    number: version.number,
                    state: version.state,
                    suite: version.suite,
                    createdAt: version.createdAt,
                    secrets: version.secrets,
                    opens: version.opens
                )
            },
            recoveryKeys: status.recoveryKeys.map { RecoveryKey(id: $0.id, suite: $0.suite, addedAt: $0.addedAt) },
            toRewrap: status.toRewrap,
            rewrap: status.rewrap.map(RewrapAnswer.init)
        )
    }
}

extension RewrapAnswer {
    fileprivate init(_ rewrap: KeyringRewrap) {
        self.init(
            sealEpoch: rewrap.epoch,
            total: rewrap.total,
            rewrapped: rewrap.rewrapped,
            failed: rewrap.failed,
            startedAt: rewrap.startedAt,
            finishedAt: rewrap.finishedAt
        )
    }
}
