import EscrowModel
import Logging

extension Problem {
    /// Translates whatever a route throws. What nobody foresaw goes to the log by its type only, as its text may hold
    /// anything, and to the caller not at all.
    init(_ error: any Error, logger: Logger) {
        switch error {
        case let problem as Problem:
            self = problem
        case let error as EscrowError:
            self = Problem(error)
        default:
            logger.error("unexpected error", metadata: ["error": .string(String(reflecting: type(of: error)))])
            self = .internalError
        }
    }
}
