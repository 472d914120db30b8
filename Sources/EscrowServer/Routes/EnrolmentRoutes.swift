import EscrowAPI
import EscrowModel
import EscrowService
import Hummingbird
import MessageSignatures

/// `POST /api/agent/v1/enrol`: an enrolment token buys a device a credential of its own.
///
/// The token is the bearer token, and the request is signed with the new key, so that nobody can enrol a key that is
/// another's.
struct EnrolmentRoutes: Sendable {
    let service: EscrowService
    let signatures: DeviceSignatures

    func add(to agent: RouterGroup<ServerContext>) {
        agent.post("enrol", use: self.enrol)
    }

    @Sendable
    private func enrol(_ request: Request, context: ServerContext) async throws -> Response {
        guard let token = BearerToken.sent(in: request.headers) else {
            throw Problem.notAuthenticated(
                scheme: "Bearer",
                detail: "Send the enrolment token as Authorization: Bearer, and sign the request with the device's key."
            )
        }
        _ = try QueryParameters<NoParameter>(of: request)
        let (signature, device) = try self.signatures.read(from: request, content: context.content)
        let wanted = try context.content.decode(EnrolRequest.self, of: request.headers)
        guard device == wanted.deviceId else {
            throw Problem.invalid(field: "deviceId", "must be the keyid of the request's signature")
        }
        let key = try Self.key(wanted)
        try self.signatures.verifyPossession(signature, of: key)
        let enrolled = try await self.service.enrol(
            Enrolment(
                device: wanted.deviceId,
                facts: DeviceFacts(
                    name: wanted.name,
                    serial: wanted.serial,
                    owner: wanted.owner,
                    operatingSystem: wanted.operatingSystem
                ),
                credential: key.derBytes
            ),
            token: token,
            source: context.source(of: request)
        )
        return try JSONAnswer.response(
            EnrolAnswer(deviceId: enrolled.device.id, group: enrolled.device.group),
            status: enrolled.isNew ? .created : .ok
        )
    }

    private static func key(_ wanted: EnrolRequest) throws(Problem) -> DevicePublicKey {
        do throws(DevicePublicKey.Problem) {
            return try DevicePublicKey(base64: wanted.publicKey)
        } catch {
            throw .invalid(field: "publicKey", "cannot be accepted. \(error)")
        }
    }
}
