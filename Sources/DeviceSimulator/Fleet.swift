package import AsyncHTTPClient
package import BitLocker
package import EscrowAPI
import EscrowModel
package import Logging

/// Simulated devices that run side by side against one server.
package struct Fleet: Sendable {
    /// What became of a device in a run.
    package struct Outcome: Codable, Sendable {
        /// The device ID.
        package var deviceId: GUID
        /// The computer name.
        package var name: String
        /// The files of its encrypted volumes.
        package var images: [String]
        /// What the server said last of the device's escrow.
        package var status: StatusDocument?
        /// The step at which it stopped for good, if it did.
        package var stoppedAt: String?
        /// What went wrong in its last exchange, if anything did.
        package var problem: String?
    }

    private struct Member: Sendable {
        let device: SimulatedDevice
        let outcome: Outcome
    }

    private let members: [Member]
    private let logger: Logger

    /// Opens the devices in the state folder, and makes those that are missing.
    ///
    /// - Parameters:
    ///   - plan: what the fleet is made of.
    ///   - server: the server's address without a path.
    ///   - http: what the devices send with; it stays the caller's.
    ///   - logger: where the devices say what they do.
    ///   - progress: called after each device with how many there are and how many there will be.
    package init(
        plan: FleetPlan,
        server: String,
        http: HTTPClient,
        logger: Logger,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        self.logger = logger
        self.members = try (0..<plan.devices).map { index in
            let home = try plan.openOrMakeDevice(index)
            let client = AgentClient(server: server, http: http, device: home.state.id.description, key: home.key)
            let device = SimulatedDevice(home: home, client: client, plan: plan.device(index), logger: logger)
            progress(index + 1, plan.devices)
            return Member(
                device: device,
                outcome: Outcome(
                    deviceId: home.state.id,
                    name: home.state.name,
                    images: home.state.disks.compactMap { home.volume(of: $0)?.image }
                )
            )
        }
    }

    /// Runs every device until it has checked in so often, or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - checkIns: how often; nil for no end.
    ///   - interval: how long a device waits after a check-in. A real agent waits as long as the server says.
    package func run(checkIns: Int?, interval: Duration) async -> [Outcome] {
        await withTaskGroup(of: (Int, Outcome).self) { group in
            for (index, member) in self.members.enumerated() {
                group.addTask { (index, await self.run(member, checkIns: checkIns, interval: interval)) }
            }
            var outcomes = self.members.map(\.outcome)
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes
        }
    }

    private func run(_ member: Member, checkIns: Int?, interval: Duration) async -> Outcome {
        var outcome = member.outcome
        var done = 0
        while !Task.isCancelled {
            do {
                let answer = try await member.device.exchange()
                if outcome.status != answer.status {
                    self.logger.info(
                        "\(outcome.name) is \(answer.status.state.rawValue) (\(answer.status.reason.rawValue))"
                    )
                }
                outcome.status = answer.status
                outcome.problem = nil
            } catch let stopped as SimulatedDevice.Stopped {
                outcome.stoppedAt = stopped.step.rawValue
                self.logger.info("\(outcome.name) stopped for good: \(stopped.step.rawValue)")
                return outcome
            } catch is CancellationError {
                return outcome
            } catch {
                outcome.problem = "\(error)"
                self.logger.warning("\(outcome.name): \(error)")
            }
            done += 1
            if let checkIns, done >= checkIns { return outcome }
            try? await Task.sleep(for: interval)
        }
        return outcome
    }
}
