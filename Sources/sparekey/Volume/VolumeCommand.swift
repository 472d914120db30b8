import ArgumentParser

/// `sparekey volume …`: BitLocker volumes themselves, without a server.
struct VolumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume",
        abstract: "Looks at BitLocker volumes and changes their key protectors; needs no server.",
        discussion: "IMAGE is a block device or a file with one volume (a partition), not with a whole disk.",
        subcommands: [VolumeInspect.self, VolumeProve.self, VolumeRotate.self, VolumeFormat.self]
    )
}
