import BitLocker
import Hummingbird

/// The variable parts of a path.
enum PathParameters {
    /// What a GUID must look like, for problems.
    static let guidExpected = "must be a GUID such as 8f595209-f5b9-49a0-85d4-cb8f80258c27"

    /// The GUID at a place in the path, with or without braces, percent-encoded or not.
    static func guid(_ name: String, in context: some RequestContext) throws(Problem) -> GUID {
        guard let text = context.parameters.get(name),
            let guid = PercentEncoding.decoded(text.utf8, plusIsSpace: false).flatMap({ GUID($0) })
        else { throw .invalid(field: name, Self.guidExpected) }
        return guid
    }
}
