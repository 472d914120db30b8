import AuditLog
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The routes of a witness (C2SP tlog-witness), open to everybody: a log's signature is all that counts.
struct WitnessRoutes: Sendable {
    let book: WitnessBook

    func add(to root: Router<BasicRequestContext>) {
        root.post("add-checkpoint", use: self.add)
        root.get("healthz") { _, _ in Self.text(.ok, "alive\n") }
        root.get("{log}/checkpoint", use: self.checkpoint)
    }

    @Sendable
    private func add(_ request: Request, context: BasicRequestContext) async throws -> Response {
        let body: ByteBuffer
        do { body = try await request.body.collect(upTo: WitnessRequest.maximumByteCount) } catch {
            return Self.text(.contentTooLarge, "the request is too long\n")
        }
        let parsed: WitnessRequest
        do throws(NoteError) { parsed = try WitnessRequest(parsing: Array(body.readableBytesView)) } catch {
            return Self.text(.badRequest, "\(error)\n")
        }
        guard let answer = await self.book.answer(parsed) else {
            context.logger.error("a checkpoint could not be stored, and was not cosigned; check the disk")
            return Self.text(.internalServerError, "the checkpoint could not be stored\n")
        }
        let status = HTTPResponse.Status(code: answer.decision.status)
        switch answer.decision {
        case .cosign(let checkpoint):
            context.logger.debug("cosigned \(checkpoint.origin) at \(checkpoint.size)")
            return Self.text(status, (answer.cosignature?.line ?? "") + "\n")
        case .conflict(let size):
            context.logger.warning("a checkpoint does not go on from size \(size), the one that was cosigned last")
            return Self.text(status, "\(size)\n", type: "text/x.tlog.size")
        case .inconsistent(let why):
            context.logger.error("a checkpoint does not extend the one that was cosigned last: \(why)")
            return Self.text(status, "\(why)\n")
        case .malformed(let why), .badSignature(let why): return Self.text(status, "\(why)\n")
        case .unknownLog: return Self.text(status, "this is no witness of that log\n")
        }
    }

    @Sendable
    private func checkpoint(_ request: Request, context: BasicRequestContext) async throws -> Response {
        guard let name = context.parameters.get("log"), let note = self.book.checkpoint(named: name) else {
            return Self.text(.notFound, "nothing was cosigned of that log\n")
        }
        return Self.text(.ok, note.description)
    }

    private static func text(
        _ status: HTTPResponse.Status,
        _ text: String,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
