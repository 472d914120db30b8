import EscrowAPI
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird

/// `/api/agent/v1/…` of an enrolled device. Which device it is comes from the signature, never from the body.
struct AgentRoutes: Sendable {
    let service: EscrowService

    func add(to agent: RouterGroup<DeviceContext>) {
        agent.post("check-in", use: self.checkIn)
        agent.post("deposits", use: self.deposit)
        agent.post("failures", use: self.reportFailure)
        agent.post("instructions/{instructionId}/result", use: self.reportInstruction)
    }

    @Sendable
    private func checkIn(_ request: Request, context: DeviceContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let sent = try context.content.decode(CheckInRequest.self, of: request.headers)
        let result = try await self.service.checkIn(DeviceReport(sent), by: context.caller)
        return try JSONAnswer.response(
            CheckInAnswer(
                status: StatusDocument(result.status),
                instructions: result.instructions.map(InstructionDocument.init),
                nextCheckInSeconds: Int(result.next.milliseconds / 1000)
            )
        )
    }

    @Sendable
    private func deposit(_ request: Request, context: DeviceContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let deposit = try Deposit(try context.content.decode(DepositRequest.self, of: request.headers))
        let receipt = try await self.service.deposit(deposit, by: context.caller)
        return try JSONAnswer.response(
            DepositAnswer(
                keyId: receipt.key.protectorID,
                proof: receipt.key.proof,
                proofReason: receipt.key.proofReason,
                status: StatusDocument(receipt.status),
                instructions: receipt.instructions.map(InstructionDocument.init)
            ),
            status: receipt.isNew ? .created : .ok
        )
    }

    @Sendable
    private func reportFailure(_ request: Request, context: DeviceContext) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: request)
        let sent = try context.content.decode(FailureRequest.self, of: request.headers)
        let status = try await self.service.reportFailure(volume: sent.volumeId, code: sent.code, by: context.caller)
        return try JSONAnswer.response(StatusDocument(status))
    }

    @Sendable
    private func reportInstruction(_ request: Request, context: DeviceContext) async throws -> Response {
        let instruction = try PathParameters.guid("instructionId", in: context)
        _ = try QueryParameters<NoParameter>(of: request)
        let sent = try context.content.decode(InstructionResultRequest.self, of: request.headers)
        let outcome: InstructionOutcome
        switch (sent.outcome, sent.code) {
        case (.done, nil): outcome = .done
        case (.done, .some): throw Problem.invalid(field: "code", "goes with the outcome \"failed\" only")
        case (.failed, .some(let code)): outcome = .failed(code: code)
        case (.failed, nil): throw Problem.invalid(field: "code", "is needed when the outcome is \"failed\"")
        }
        try await self.service.reportInstruction(instruction, outcome: outcome, by: context.caller)
        return Response(status: .noContent)
    }
}

extension DeviceReport {
    /// Takes over what a device sent.
    fileprivate init(_ sent: CheckInRequest) {
        self.init(
            facts: DeviceFacts(
                name: sent.name,
                serial: sent.serial,
                owner: sent.owner,
                operatingSystem: sent.operatingSystem
            ),
            volumes: sent.volumes.map { volume in
                VolumeReport(
                    id: volume.id,
                    kind: volume.type,
                    label: volume.label,
                    protection: volume.protection,
                    encryptedPercentage: volume.encryptedPercentage ?? 100,
                    protectors: (volume.protectors ?? []).map { ReportedProtector(id: $0.id, kind: $0.type) }
                )
            },
            recoveries: (sent.recoveries ?? []).map { Recovery(volume: $0.volumeId, protector: $0.protectorId) }
        )
    }
}
