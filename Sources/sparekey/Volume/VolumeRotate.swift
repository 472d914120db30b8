import ArgumentParser
import BitLocker
import FoundationEssentials

/// `sparekey volume rotate`.
struct VolumeRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Replaces the key protector whose secret you give by a new recovery password, which it prints.",
        discussion: """
            Adds a key protector with a new recovery password, prints that, and only then removes the protector that the \
            given secret belongs to. Whatever interrupts it, one of the two opens the volume.

            Standard output has the new recovery password and nothing else. The volume must not be in use.
            """
    )

    @Argument(help: "The volume: a file or a block device.", completion: .file())
    var image: String

    @OptionGroup
    var secret: GivenSecret

    @Flag(help: "Leave the old key protector on the volume.")
    var keepOld = false

    @Flag(help: "Print JSON.")
    var json = false

    /// What the command prints as JSON.
    private struct Answer: Encodable {
        var volumeId: GUID?
        var protectorId: GUID
        var recoveryPassword: String
        var replaces: GUID
    }

    func run() throws {
        let volume = try VolumeInspect.read(self.image, failureCode: 1)
        switch try self.secret.read(failureCode: 1) {
        case .password(let password):
            guard
                let old = volume.validCopies.flatMap(\.protectors)
                    .filter({ $0.kind == .recoveryPassword })
                    .map(\.id)
                    .first(where: { volume.prove(recoveryPassword: password, protector: $0) == .proven })
            else { throw Failure("\(self.image): the recovery password does not open the volume; nothing was changed") }
            try self.rotate(VolumeEditor(openingFileAt: self.image, recoveryPassword: password, protector: old), old)
        case .key(let key):
            let old = key.protectorID
            try self.rotate(VolumeEditor(openingFileAt: self.image, recoveryKey: key), old)
        }
    }

    private func rotate(_ opened: consuming VolumeEditor, _ old: GUID) throws {
        var editor = opened
        // An earlier change that was interrupted is finished first: a plan needs three copies that agree.
        if let repair = editor.planRepair() { try editor.apply(repair) }
        var generator = SystemRandomNumberGenerator()
        let password = RecoveryPassword.generate(using: &generator)
        let addition = try editor.planAdding(password, now: Date(), using: &generator)
        guard let added = addition.addedProtector else { throw Failure("no key protector was added") }
        try editor.apply(addition)
        let digits = password.digits
        if self.json {
            try Console.print(
                json: Answer(
                    volumeId: editor.volume.newest?.volumeID,
                    protectorId: added,
                    recoveryPassword: digits,
                    replaces: old
                )
            )
        } else {
            Console.print(digits)
        }
        guard !self.keepOld else { return }
        try editor.apply(editor.planRemoving(old, now: Date()))
    }
}

extension RecoveryPassword {
    /// The digits in a string to be printed, which nothing wipes.
    var digits: String {
        self.withDigits { digits in String(decoding: digits.indices.map { digits[$0] }, as: UTF8.self) }
    }
}
