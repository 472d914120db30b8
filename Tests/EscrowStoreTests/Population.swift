import BitLocker
import EscrowModel
import EscrowStore

/// A fleet of devices, volumes and keys with all kinds of differences, from a seed.
struct Population: Sendable {
    struct Line: Sendable {
        var device: Device
        var volume: Volume
        var keys: [EscrowedKey]
        var openRotation: Rotation?
    }

    static let groups = ["sales", "research", "plant"]
    static let owners = ["Ada@example.com", "grace@example.com", "Žofie@example.com"]

    private(set) var lines: [Line] = []

    /// Fills the store; the numbers are in `lines` as the store must tell them.
    static func make(_ devices: Int, seed: UInt64, in tx: Transaction) throws(StoreError) -> Population {
        var generator = SeededGenerator(state: seed)
        var population = Population()
        for number in 0..<UInt64(devices) {
            try population.addDevice(number, &generator, tx)
        }
        return population
    }

    private mutating func addDevice(
        _ number: UInt64,
        _ generator: inout SeededGenerator,
        _ tx: Transaction
    ) throws(StoreError) {
        var device = try tx.insert(
            NewDevice(
                id: Sample.id(number),
                facts: DeviceFacts(
                    name: ["PC", "pc", "Laptop", "ÄPFEL"][generator.below(4)] + "-\(number % 37)",
                    serial: generator.below(4) == 0 ? nil : "SN\(number % 50)",
                    owner: generator.below(3) == 0 ? nil : Self.owners[generator.below(3)]
                ),
                group: Self.groups[generator.below(3)],
                credential: [1],
                enrolledAt: Sample.start
            )
        )
        device.state = generator.below(8) == 0 ? .retired : .active
        try tx.update(device)
        for part in 0..<UInt64(generator.below(3)) {
            try self.addVolume(number * 10 + part, of: device, &generator, tx)
        }
    }

    private mutating func addVolume(
        _ number: UInt64,
        of device: Device,
        _ generator: inout SeededGenerator,
        _ tx: Transaction
    ) throws(StoreError) {
        let state = EscrowStatus.State.allCases[generator.below(4)]
        let reason = EscrowStatus.Reason.allCases[generator.below(11)]
        var volume = try tx.insert(
            Sample.report(10_000 + number, kind: Volume.Kind.allCases[generator.below(3)]),
            of: device,
            status: EscrowStatus(state, reason, since: Sample.start)
        )
        volume.isPresent = generator.below(6) != 0
        try tx.update(volume)
        var keys: [EscrowedKey] = []
        for _ in 0..<generator.below(4) {
            // Few protectors, so that a Key ID is that of several keys, of several volumes too.
            let protector = Sample.id(50_000 + UInt64(generator.below(40)))
            let version = keys.filter { $0.protectorID == protector }.count + 1
            var key = try tx.insert(
                Sample.key(
                    volume,
                    protector: protector,
                    version: version,
                    proof: EscrowedKey.ProofState.allCases[generator.below(3)],
                    depositedAt: Sample.start + .seconds(Int64(generator.below(100)))
                )
            )
            if generator.below(3) == 0 {
                key.supersede(at: Sample.start, retention: .days(1))
                try tx.update(key)
            }
            if generator.below(6) == 0 {
                try tx.purge(key)
                key.state = .purged
            }
            keys.append(key)
        }
        var rotation: Rotation?
        if generator.below(4) == 0 {
            let open = Sample.rotation(90_000 + number, of: volume)
            try tx.insert(open)
            rotation = open
        }
        self.lines.append(Line(device: device, volume: volume, keys: keys, openRotation: rotation))
    }

    /// What the list must show, found by looking at everything.
    func listings(_ filter: KeyFilter) -> [KeyListing] {
        self.lines.compactMap { line in
            let current = line.keys.current
            var key = current
            if let keyID = filter.keyID {
                let named = line.keys.filter { candidate in
                    switch keyID {
                    case .prefix(let prefix): candidate.protectorID.keyIDPrefix == prefix
                    case .beginning(let range): range.contains(candidate.protectorID)
                    case .full(let id): candidate.protectorID == id
                    }
                }
                guard let found = named.current ?? named.last else { return nil }
                key = found
            } else {
                guard line.volume.isPresent, line.device.state == .active else { return nil }
            }
            guard self.fits(line, current, filter) else { return nil }
            return KeyListing(device: line.device, volume: line.volume, key: key, openRotation: line.openRotation)
        }
    }

    private func fits(_ line: Line, _ current: EscrowedKey?, _ filter: KeyFilter) -> Bool {
        let device = line.device
        let volume = line.volume
        return filter.scope.includes(group: device.group)
            && (filter.group.map { $0 == device.group } ?? true)
            && (filter.device.map { $0 == device.id } ?? true)
            && (filter.status.map { $0 == volume.status.state } ?? true)
            && (filter.reason.map { $0 == volume.status.reason } ?? true)
            && (filter.deviceName.map { device.facts.name.lowercased().hasPrefix($0.lowercased()) } ?? true)
            && (filter.serial.map { $0 == device.facts.serial } ?? true)
            && (filter.owner.map { $0.lowercased() == device.facts.owner?.lowercased() } ?? true)
            && (filter.volumeKind.map { $0 == volume.report.kind } ?? true)
            && (filter.proof.map { $0 == current?.proof } ?? true)
            && (filter.depositedBefore.map { before in current.map { $0.depositedAt < before } ?? false } ?? true)
            && (filter.depositedSince.map { since in current.map { $0.depositedAt >= since } ?? false } ?? true)
    }

    /// A filter with some conditions, which often fit something.
    func filter(_ generator: inout SeededGenerator) -> KeyFilter {
        let line = self.lines[generator.below(self.lines.count)]
        var filter = KeyFilter(scope: .everything)
        switch generator.below(4) {
        case 0: filter.scope = .groups([Self.groups[generator.below(3)]])
        case 1: filter.scope = .groups(["sales", "plant", "nobody"])
        default: break
        }
        for _ in 0..<generator.below(4) {
            switch generator.below(12) {
            case 0: filter.keyID = line.keys.last.map { .prefix($0.protectorID.keyIDPrefix) }
            case 1:
                let prefixes = generator.below(2) == 0
                filter.keyID = line.keys.first.map { key in
                    guard prefixes else { return .full(key.protectorID) }
                    let first = GUID(high: key.protectorID.high & ~0xFF, low: 0)
                    return .beginning(first...GUID(high: first.high | 0xFF, low: .max))
                }
            case 2: filter.device = line.device.id
            case 3: filter.status = line.volume.status.state
            case 4: filter.reason = line.volume.status.reason
            case 5: filter.deviceName = ["pc", "Lap", "äpf", line.device.facts.name][generator.below(4)]
            case 6: filter.serial = line.device.facts.serial
            case 7: filter.owner = line.device.facts.owner?.uppercased()
            case 8: filter.group = line.device.group
            case 9: filter.volumeKind = line.volume.report.kind
            case 10: filter.proof = .allCases[generator.below(3)]
            default:
                filter.depositedSince = Sample.start + .seconds(Int64(generator.below(60)))
                filter.depositedBefore = generator.below(2) == 0 ? nil : Sample.start + .seconds(80)
            }
        }
        return filter
    }
}

/// Numbers that look random and come again with the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
