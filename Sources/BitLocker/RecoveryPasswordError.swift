/// Why something is not a recovery password.
///
/// Names the group, never its digits.
public enum RecoveryPasswordError: Error, Hashable, Sendable {
    /// There are not 48 digits. `digits` is how many there are.
    case wrongLength(digits: Int)
    /// There are eight groups, and this one (1 to 8) does not have six digits. `digits` is how many it has.
    case wrongGroupLength(group: Int, digits: Int)
    /// The group (1 to 8) is not divisible by 11: a digit is wrong, or two are swapped.
    case notDivisibleBy11(group: Int)
    /// The group (1 to 8) is 720,896 or more.
    case outOfRange(group: Int)
    /// A character that is neither a digit nor a separator; `position` counts characters from 1.
    case unexpectedCharacter(position: Int)

    /// The group that should be asked for again, 1 to 8, where one can be named.
    public var group: Int? {
        switch self {
        case .wrongGroupLength(let group, _), .notDivisibleBy11(let group), .outOfRange(let group): group
        case .wrongLength, .unexpectedCharacter: nil
        }
    }
}

extension RecoveryPasswordError: CustomStringConvertible {
    /// What to do about it, in words that can be said on the telephone.
    public var description: String {
        switch self {
        case .wrongLength(let digits):
            "a recovery password has 48 digits, in 8 groups of 6, and this has \(digits): ask for all of it again"
        case .wrongGroupLength(let group, let digits):
            "the \(Self.ordinal(group)) group has \(digits) digits instead of 6: ask for the \(Self.ordinal(group)) group again"
        case .notDivisibleBy11(let group):
            "the \(Self.ordinal(group)) group has a mistyped digit: ask for the \(Self.ordinal(group)) group again"
        case .outOfRange(let group):
            "the \(Self.ordinal(group)) group is too large to be part of a recovery password: "
                + "ask for the \(Self.ordinal(group)) group again"
        case .unexpectedCharacter(let position):
            "character \(position) is neither a digit nor a dash or space: enter the 48 digits only"
        }
    }

    private static func ordinal(_ group: Int) -> String {
        switch group {
        case 1: "first"
        case 2: "second"
        case 3: "third"
        case 4: "fourth"
        case 5: "fifth"
        case 6: "sixth"
        case 7: "seventh"
        default: "eighth"
        }
    }
}
