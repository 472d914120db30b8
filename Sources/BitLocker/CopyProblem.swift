/// Why one copy of the metadata cannot be used.
public enum CopyProblem: Error, Hashable, Sendable {
    /// The volume, or what was uploaded of it, ends before the copy does; or nothing says where the copy is.
    case truncated
    /// It does not begin with BitLocker's signature.
    case badSignature
    /// The version is neither 1 (Windows Vista) nor 2 (Windows 7 and later).
    case unsupportedVersion(UInt16)
    /// It says that it is larger than a copy can be, or too small to hold anything.
    case badSize
    /// The checksum does not match: it was damaged, or writing it was interrupted.
    case badChecksum
    /// It says that it belongs somewhere else on the volume.
    case wrongOffset
    /// The checksum matches but the content contradicts itself.
    case malformed(Malformation)

    /// How the content contradicts itself.
    public enum Malformation: String, Hashable, Sendable {
        /// The sizes in the header do not fit together.
        case header
        /// An entry says that it goes on past the end of what holds it.
        case entryPastEnd
        /// An entry is shorter than its kind must be.
        case entryTooShort
        /// Entries hold each other deeper than the format does.
        case nestedTooDeep
        /// Two key protectors have the same ID.
        case duplicateProtector
        /// It does not agree with the first sector of the volume.
        case otherVolume
    }
}

extension CopyProblem: CustomStringConvertible {
    /// What is wrong, in a few words.
    public var description: String {
        switch self {
        case .truncated: "it is cut off"
        case .badSignature: "it does not begin with BitLocker's signature"
        case .unsupportedVersion(let version): "its version \(version) is not known"
        case .badSize: "its size is impossible"
        case .badChecksum: "its checksum does not match"
        case .wrongOffset: "it belongs somewhere else on the volume"
        case .malformed(let how):
            switch how {
            case .header: "its header contradicts itself"
            case .entryPastEnd: "an entry goes on past its end"
            case .entryTooShort: "an entry is too short"
            case .nestedTooDeep: "its entries are nested too deep"
            case .duplicateProtector: "two key protectors have the same ID"
            case .otherVolume: "it does not agree with the volume's first sector"
            }
        }
    }
}
