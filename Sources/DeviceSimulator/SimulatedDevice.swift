import BitLocker
package import EscrowAPI
import EscrowModel
import Glibc
import Logging

/// A Windows device with its agent: a key of its own, real FVE metadata, and no more wits than to do as it is told.
package actor SimulatedDevice {
    /// How a device is run.
    package struct Plan: Sendable {
        /// The enrolment token.
        package var enrolmentToken: String
        /// What it does wrong.
        package var fault: Fault?
        /// Where it is stopped, beside what the fault stops.
        package var interruption: Interruption?
        /// Whether somebody will once have to use the recovery password.
        package var hasRecovery: Bool

        /// Makes a plan.
        package init(
            enrolmentToken: String,
            fault: Fault? = nil,
            interruption: Interruption? = nil,
            hasRecovery: Bool = false
        ) {
            self.enrolmentToken = enrolmentToken
            self.fault = fault
            self.interruption = interruption
            self.hasRecovery = hasRecovery
        }
    }

    /// The device stopped for good at a step, as planned.
    struct Stopped: Error {
        let step: DeviceStep
    }

    private let home: DeviceHome
    private let client: AgentClient
    private let plan: Plan
    private let logger: Logger
    private var state: DeviceState

    /// Makes a device of what is in its folder.
    init(home: DeviceHome, client: AgentClient, plan: Plan, logger: Logger) {
        self.home = home
        self.client = client
        self.plan = plan
        self.logger = logger
        self.state = home.state
    }

    /// The computer name.
    var name: String { self.state.name }

    /// Enrols if need be, checks in, and does all that follows from it.
    ///
    /// The status is the one that the check-in was answered with, before anything was done.
    package func exchange() async throws -> CheckInAnswer {
        if !self.state.isEnrolled { try await self.enrol() }
        try self.finishInterruptedWrites()
        let answer = try await self.checkIn()
        if self.plan.fault != .neverAnswers {
            try await self.obey(answer.instructions)
        }
        if answer.status.state == .escrowed { try self.misbehaveOnceEscrowed() }
        return answer
    }

    // MARK: Enrolling and checking in

    private func enrol() async throws {
        _ = try await self.client.enrol(
            EnrolRequest(
                deviceId: self.state.id,
                publicKey: self.client.publicKey,
                name: self.state.name,
                serial: self.state.serial,
                owner: self.state.owner,
                operatingSystem: self.state.operatingSystem
            ),
            token: self.plan.enrolmentToken
        )
        self.state.isEnrolled = true
        try self.save()
        self.logger.info("\(self.state.name) enrolled")
    }

    private func checkIn() async throws -> CheckInAnswer {
        let reported = self.state.recoveries
        let request = CheckInRequest(
            name: self.state.name,
            serial: self.state.serial,
            owner: self.state.owner,
            operatingSystem: self.state.operatingSystem,
            volumes: try self.state.disks.map { try self.report($0) },
            recoveries: reported.isEmpty
                ? nil : reported.map { CheckInRequest.Recovery(volumeId: $0.volume, protectorId: $0.protector) }
        )
        let answer: CheckInAnswer
        do {
            answer = try await self.client.checkIn(request)
        } catch AgentError.refused(let problem) where problem.status == 401 {
            // The server was set up anew and knows nothing of this device.
            try await self.enrol()
            answer = try await self.client.checkIn(request)
        }
        if !reported.isEmpty {
            self.state.recoveries = []
            try self.save()
        }
        return answer
    }

    private func report(_ disk: DeviceState.Disk) throws -> CheckInRequest.Volume {
        guard let volume = self.home.volume(of: disk) else {
            return CheckInRequest.Volume(
                id: disk.id,
                type: disk.kind,
                label: disk.label,
                protection: .off,
                encryptedPercentage: 0
            )
        }
        let description = try volume.description()
        return CheckInRequest.Volume(
            id: description.id,
            type: disk.kind,
            label: disk.label,
            protection: description.protection,
            encryptedPercentage: description.encryptedPercentage,
            protectors: description.protectors.map { CheckInRequest.Protector(id: $0.id, type: $0.kind) }
        )
    }

    private func finishInterruptedWrites() throws {
        for disk in self.state.disks {
            if try self.home.volume(of: disk)?.finishInterruptedWrite() == true {
                self.logger.info("\(self.state.name) finished an interrupted write to \(disk.label)")
            }
        }
    }

    // MARK: Doing what the server decided

    private func obey(_ instructions: [InstructionDocument]) async throws {
        var waiting = instructions[...]
        // A server that keeps saying the same must not keep a device from its next check-in.
        var left = 32
        while let next = waiting.popFirst(), left > 0 {
            left -= 1
            try await waiting.append(contentsOf: self.obey(next))
        }
    }

    /// Does one thing, and returns what the server wants done because of it.
    private func obey(_ instruction: InstructionDocument) async throws -> [InstructionDocument] {
        guard let disk = self.state.disks.first(where: { $0.id == instruction.volumeId }),
            let volume = self.home.volume(of: disk)
        else {
            try await self.fail(instruction, code: "noSuchVolume")
            return []
        }
        switch instruction.action {
        case .deposit: return try await self.deposit(instruction, volume)
        case .addProtector: return try await self.addProtector(instruction, volume)
        case .removeProtectors:
            try await self.removeProtectors(instruction, volume)
            return []
        }
    }

    private func deposit(
        _ instruction: InstructionDocument,
        _ volume: SimulatedVolume
    ) async throws -> [InstructionDocument] {
        guard let protector = instruction.protectorIds?.first,
            try volume.description().protectors.contains(where: { $0.id == protector })
        else {
            try await self.fail(instruction, code: "protectorNotOnVolume")
            return []
        }
        if self.plan.fault == .undepositedProtector, self.state.hasReplacedProtector { return [] }
        return try await self.send(protector, of: volume, on: instruction.volumeId, for: nil)
    }

    private func addProtector(
        _ instruction: InstructionDocument,
        _ volume: SimulatedVolume
    ) async throws -> [InstructionDocument] {
        guard let kind = instruction.protectorType else {
            try await self.fail(instruction, code: "unknownProtectorType")
            return []
        }
        try self.reach(.beforeAdding)
        let present = try volume.description().protectors
        let before: [GUID]
        if let addition = self.state.additions.first(where: { $0.instruction == instruction.id }) {
            before = addition.before
        } else {
            before = present.map(\.id)
            self.state.additions.append(
                DeviceState.Addition(instruction: instruction.id, volume: instruction.volumeId, before: before)
            )
            try self.save()
        }
        let protector: GUID
        if let earlier = present.first(where: { $0.kind.secretKind == kind && !before.contains($0.id) }) {
            protector = earlier.id
        } else {
            protector = try volume.addProtector(kind) { try self.reach(.whileAdding) }
        }
        try self.reach(.afterAdding)
        let next = try await self.send(protector, of: volume, on: instruction.volumeId, for: instruction.id)
        try self.reach(.afterDepositing)
        return next
    }

    private func removeProtectors(_ instruction: InstructionDocument, _ volume: SimulatedVolume) async throws {
        try self.reach(.beforeRemoving)
        let present = try volume.description().protectors
        let unwanted = present.map(\.id).filter { (instruction.protectorIds ?? []).contains($0) }
        // Whatever the server says: a volume is never left without a recovery protector.
        guard present.contains(where: { $0.kind.secretKind != nil && !unwanted.contains($0.id) }) else {
            return try await self.fail(instruction, code: "lastRecoveryProtector")
        }
        if !unwanted.isEmpty {
            try volume.removeProtectors(unwanted) { try self.reach(.whileRemoving) }
        }
        try self.reach(.afterRemoving)
        try await self.client.report(InstructionResultRequest(outcome: .done), of: instruction.id)
        self.state.additions.removeAll { $0.instruction == instruction.id }
        try self.save()
        try self.reach(.afterReporting)
        self.logger.info("\(self.state.name) finished a rotation")
    }

    private func send(
        _ protector: GUID,
        of volume: SimulatedVolume,
        on volumeID: GUID,
        for rotation: GUID?
    ) async throws -> [InstructionDocument] {
        let secret = try volume.secret(of: protector, wrong: self.plan.fault == .wrongPassword)
        let answer = try await self.client.deposit(
            DepositRequest(
                volumeId: volumeID,
                protectorId: protector,
                type: secret.kind,
                secret: secret.text,
                metadata: try volume.upload(),
                rotationId: rotation
            )
        )
        self.logger.info("\(self.state.name) deposited key \(protector): \(answer.proof.rawValue)")
        return answer.instructions
    }

    private func fail(_ instruction: InstructionDocument, code: String) async throws {
        self.logger.warning("\(self.state.name) cannot do \(instruction.action.rawValue): \(code)")
        switch instruction.action {
        // A deposit's instruction has no result of its own: it is done when the secret is there.
        case .deposit: try await self.client.report(FailureRequest(volumeId: instruction.volumeId, code: code))
        case .addProtector, .removeProtectors:
            try await self.client.report(InstructionResultRequest(outcome: .failed, code: code), of: instruction.id)
        }
    }

    // MARK: What befalls the device

    private func reach(_ step: DeviceStep) throws {
        for interruption in [self.plan.fault?.interruption, self.plan.interruption].compactMap({ $0 })
        where interruption.step == step {
            switch interruption.kind {
            case .deviceStops: throw Stopped(step: step)
            case .processDies: _exit(137)
            }
        }
    }

    private func misbehaveOnceEscrowed() throws {
        for disk in self.state.disks {
            guard let volume = self.home.volume(of: disk),
                let protector = try volume.description().protectors.first(where: { $0.kind.secretKind != nil })
            else { continue }
            if self.plan.hasRecovery, !self.state.hasRecovered {
                self.state.recoveries.append(DeviceState.Recovery(volume: disk.id, protector: protector.id))
                self.state.hasRecovered = true
                try self.save()
                self.logger.info("\(self.state.name) was unlocked with its recovery password")
            }
            if self.plan.fault == .undepositedProtector, !self.state.hasReplacedProtector {
                _ = try volume.addProtector(.recoveryPassword) {}
                try volume.removeProtectors([protector.id]) {}
                self.state.hasReplacedProtector = true
                try self.save()
                self.logger.info("\(self.state.name) replaced its recovery password by itself")
            }
        }
    }

    private func save() throws { try self.home.save(self.state) }
}
