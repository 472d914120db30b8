import ArgumentParser
import BitLocker
import DeviceSimulator
import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// `sparekey simulate`.
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs simulated Windows devices, made of real BitLocker volumes, against a server.",
        discussion: """
            Each device enrols, checks in, deposits its recovery password with the FVE metadata that proves it, and \
            rotates it on its own volume when the server says so. What it needs to go on as the same device is in the \
            state folder: start the command again with the same folder, and it does.

            Runs until it is interrupted, or with --check-ins until each device has checked in so often.

            Faults (--fault): dies-after-adding, dies-after-depositing (the device stops for good at that step of a \
            rotation), wrong-password (deposits one that does not open the volume), never-answers (does nothing that it \
            is told), undeposited-protector (reports a protector that it does not deposit).
            """
    )

    @Option(help: ArgumentHelp("The server's address, such as http://127.0.0.1:8443.", valueName: "url"))
    var server: String

    @Option(
        help: ArgumentHelp("The enrolment token; - reads it from standard input.", valueName: "token")
    )
    var enrolmentToken: String

    @Option(help: ArgumentHelp("How many devices.", valueName: "count"))
    var devices = 1

    @Option(
        name: .customLong("image"),
        help: ArgumentHelp(
            "A BitLocker volume for a device, instead of one made for it; can be repeated. It is changed in place.",
            valueName: "file"
        ),
        completion: .file()
    )
    var images: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with recovery passwords that open the given volumes, one a line.",
            valueName: "file"
        ),
        completion: .file()
    )
    var imagePasswordFile: String?

    @Option(
        help: ArgumentHelp("Where the devices are kept from one run to the next.", valueName: "dir"),
        completion: .directory
    )
    var stateDir = "./simulated-devices"

    @Option(help: ArgumentHelp("End after so many check-ins of each device.", valueName: "count"))
    var checkIns: Int?

    @Option(help: ArgumentHelp("Seconds from one check-in of a device to its next.", valueName: "seconds"))
    var interval = 5.0

    @Option(help: ArgumentHelp("How many devices do not have BitLocker enabled.", valueName: "count"))
    var unencrypted = 0

    @Option(
        name: .customLong("fault"),
        help: ArgumentHelp("What faulty devices do wrong; can be repeated. See above.", valueName: "fault")
    )
    var faults: [Fault] = []

    @Option(help: ArgumentHelp("How many devices have each fault.", valueName: "count"))
    var faulty = 1

    @Option(help: ArgumentHelp("How many devices are once unlocked with their recovery password.", valueName: "count"))
    var recoveries = 0

    @Option(
        help: ArgumentHelp("The size of the volumes made, a multiple of 4096 and at least 2MiB.", valueName: "bytes")
    )
    var volumeSize = ByteCount(2 << 20)

    @Option(
        help: ArgumentHelp(
            "Kill the whole process, with exit code 137, when a device reaches this step of a rotation: "
                + DeviceStep.allCases.map(\.rawValue).joined(separator: ", "),
            valueName: "step"
        )
    )
    var exitAt: DeviceStep?

    @Option(help: ArgumentHelp("PEM file with the certificates to believe the server by.", valueName: "file"))
    var caFile: String?

    @Flag(help: "Say nothing of what devices do.")
    var quiet = false

    @Flag(help: "Print what became of each device as JSON.")
    var json = false

    func validate() throws {
        guard self.devices > 0 else { throw ValidationError("There must be at least one device.") }
        guard self.images.count <= self.devices else { throw ValidationError("There are more images than devices.") }
        guard self.interval >= 0, self.checkIns ?? 1 > 0, self.unencrypted >= 0, self.recoveries >= 0 else {
            throw ValidationError("Counts and the interval cannot be negative.")
        }
        guard self.unencrypted + self.faults.count * self.faulty <= self.devices else {
            throw ValidationError("There are more faulty and unencrypted devices than devices.")
        }
    }

    func run() async throws {
        let address = try ServerAddress(self.server)
        let plan = try self.plan()
        var logger = Logger(label: "simulate") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = self.quiet ? .error : .info
        let outcomes = try await Outbound.withClient(caFile: self.caFile) { [logger] client in
            var progress = Progress("devices")
            let fleet = try Fleet(plan: plan, server: address.text, http: client, logger: logger) {
                progress.show($0, of: $1)
            }
            progress.end()
            let run = FleetRun(fleet: fleet, checkIns: self.checkIns, interval: .seconds(self.interval))
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: run, successTerminationBehavior: .gracefullyShutdownGroup)],
                    gracefulShutdownSignals: [.sigint, .sigterm],
                    logger: Logger(label: "simulate") { _ in SwiftLogNoOpLogHandler() }
                )
            ).run()
            return await run.outcomes.value
        }
        try self.report(outcomes)
    }

    private func plan() throws -> FleetPlan {
        let token =
            self.enrolmentToken == "-"
            ? String(decoding: try SmallFile.line("-"), as: UTF8.self) : self.enrolmentToken
        var plan = FleetPlan(devices: self.devices, stateFolder: self.stateDir, enrolmentToken: token)
        plan.images = self.images
        if let path = self.imagePasswordFile {
            plan.imagePasswords = try SmallFile.read(path).split(separator: 0x0A).map { line in
                String(decoding: line, as: UTF8.self)
            }
        }
        plan.unencrypted = self.unencrypted
        plan.faults = self.faults
        plan.faultyEach = self.faulty
        plan.recoveries = self.recoveries
        plan.volumeSize = self.volumeSize.bytes
        plan.interruption = self.exitAt.map { Interruption(.processDies, at: $0) }
        return plan
    }

    private func report(_ outcomes: [Fleet.Outcome]) throws {
        guard !self.json else { return try Console.print(json: outcomes) }
        var table = Table("NAME", "DEVICE", "STATUS", "NOTE")
        for outcome in outcomes {
            table.add(
                outcome.name,
                outcome.deviceId.description,
                outcome.status?.text ?? "unknown",
                outcome.stoppedAt.map { "stopped \($0)" } ?? outcome.problem ?? ""
            )
        }
        table.print(ifEmpty: "There are no devices.")
    }
}

/// A fleet as a service, so that signals end it between two exchanges and not in the middle of a write.
private struct FleetRun: Service {
    let fleet: Fleet
    let checkIns: Int?
    let interval: Duration
    let outcomes = Handover<[Fleet.Outcome]>([])

    func run() async throws {
        let outcomes = await cancelWhenGracefulShutdown {
            await self.fleet.run(checkIns: self.checkIns, interval: self.interval)
        }
        await self.outcomes.set(outcomes)
    }
}

/// A value that one task leaves for another.
private actor Handover<Value: Sendable> {
    private(set) var value: Value

    init(_ value: Value) { self.value = value }

    func set(_ value: Value) { self.value = value }
}
