import Hummingbird
import Logging

/// A line for each answered request: the route, never the path or the query, since either may hold what somebody pasted
/// there by mistake.
enum AccessLog {
    /// Writes the line.
    static func write(_ request: Request, _ response: Response, _ context: ServerContext, after duration: Duration) {
        context.logger.info(
            "answered",
            metadata: [
                "method": .string(Self.known(request.method)),
                "route": .string(context.endpointPath ?? "none"),
                "status": .stringConvertible(response.status.code),
                "milliseconds": .stringConvertible(Int(duration / .milliseconds(1))),
                "peer": .string(context.peer.address),
            ]
        )
    }

    private static func known(_ method: HTTPRequest.Method) -> String {
        switch method {
        case .get, .head, .post, .put, .delete, .patch, .options: method.rawValue
        default: "other"
        }
    }
}
