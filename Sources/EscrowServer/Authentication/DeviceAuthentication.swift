import EscrowModel
import EscrowService
import Hummingbird
import MessageSignatures

/// Establishes which device makes a request, by the request's signature alone: never by what the body says.
struct DeviceAuthentication: RouterMiddleware {
    typealias Context = ServerContext

    let service: EscrowService
    let signatures: DeviceSignatures

    func handle(
        _ request: Request,
        context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let (signature, device) = try self.signatures.read(from: request, content: context.content)
        // A device that is not known, or retired, is told the same as one that signs with a wrong key.
        guard let credential = try await self.service.deviceCredential(device),
            let key = try? DevicePublicKey(derBytes: credential)
        else { throw Problem(SignatureError.wrongSignature) }
        try self.signatures.verify(signature, with: key)
        var context = context
        context.caller = Caller(
            identity: .device(device),
            role: .device,
            scope: .groups([]),
            source: context.source(of: request)
        )
        return try await next(request, context)
    }
}
