/// Why a batch was not delivered. It is tried again; nothing is passed over.
package enum DeliveryError: Error, Equatable, CustomStringConvertible {
    /// There is no connection.
    case cannotConnect(String)
    /// The connection broke, or its peer closed it before it had everything.
    case broken(String)
    /// The peer took the batch but said nothing for too long.
    case timedOut(seconds: Int)
    /// A webhook's server answered with something else than 2xx.
    case refused(status: Int, retryAfterSeconds: Int?)
    /// A webhook's server said that the batch is too large.
    case tooLarge

    /// A sentence for people.
    package var description: String {
        switch self {
        case .cannotConnect(let why): "it cannot be reached: \(why)"
        case .broken(let why): "the connection broke before everything was acknowledged: \(why)"
        case .timedOut(let seconds): "it did not acknowledge within \(seconds) s"
        case .refused(let status, _) where (300..<400).contains(status):
            "it answered with a redirect (\(status)), which is not followed: give the final address"
        case .refused(let status, _): "it answered with status \(status)"
        case .tooLarge: "it answered that the batch is too large (413); smaller ones are tried"
        }
    }
}
