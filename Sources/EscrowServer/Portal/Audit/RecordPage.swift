import AuditFormats
import AuditLog
import EscrowModel
import EscrowService
import HTTPTypes
import Hummingbird
import NIOCore

/// `/audit/records/{index}`: one record, its place in the log and the proof of it.
struct RecordPage: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("audit/records/{index}", use: self.portal.page(self.show))
        pages.get("audit/records/{index}/receipt", use: self.portal.page(self.receipt))
    }

    private func found(_ visit: Visit) async throws -> PlacedEntry {
        guard let index = Int64(visit.context.parameters.get("index") ?? "") else { throw Problem.notFound }
        return try await visit.service.auditEntry(index, by: visit.caller)
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        let found = try await self.found(visit)
        let record = LoggedRecord(found.entry)
        let leaf = MerkleTree.leafHash(of: found.leaf)
        let proof = found.receipt.proof
        let steps = (try? proof.steps(from: leaf)) ?? []
        let checkpoint = try? found.receipt.verify(leaf: leaf, keys: [visit.service.logKey])
        var values = AuditPage.values(of: found.entry, visit)
        values["heading"] = visit.text("recordNumber").filled(["n": visit.number(Int(found.entry.index))])
        values["facts"] = self.facts(record, visit)
        values["isErased"] = record.isErased
        values["record"] = found.entry.record.map { String(decoding: $0, as: UTF8.self) }
        values["leaf"] = String(decoding: found.leaf, as: UTF8.self)
        values["leafHash"] = leaf.text
        values["size"] = visit.number(Int(proof.size))
        values["root"] = checkpoint?.root.text ?? steps.last?.hash.text ?? leaf.text
        values["isProven"] = checkpoint != nil
        values["signers"] = found.receipt.checkpoint.signatures.map(\.name).joined(separator: ", ")
        values["checkpoint"] = found.receipt.checkpoint.description
        values["steps"] = steps.enumerated().map { number, step in
            [
                "number": number + 1, "side": visit.text(step.isLeft ? "stepLeft" : "stepRight"),
                "sibling": step.sibling.text, "hash": step.hash.text,
            ] as [String: Any]
        }
        values["hasSteps"] = !steps.isEmpty
        values["previous"] = found.entry.index > 0 ? "/audit/records/\(found.entry.index - 1)" : nil
        values["following"] = found.entry.index + 1 < found.size ? "/audit/records/\(found.entry.index + 1)" : nil
        values["receiptPath"] = "/audit/records/\(found.entry.index)/receipt"
        values["key"] = visit.service.logKey.description
        return visit.page(.record, title: "record", values)
    }

    /// The receipt as a file (C2SP tlog-proof), which can be kept and checked without this server.
    @Sendable
    private func receipt(_ visit: Visit) async throws -> Response {
        let found = try await self.found(visit)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/plain; charset=utf-8",
                .contentDisposition: "attachment; filename=\"record-\(found.entry.index).tlog-proof\"",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: found.receipt.text))
        )
    }

    /// What the record says, by the names of its parts.
    private func facts(_ record: LoggedRecord, _ visit: Visit) -> [[String: Any]] {
        let parts: [(String, String?)] = [
            ("outcome", record.outcome.map { visit.word("outcome", $0) }), ("caller", record.principal),
            ("name", record.name), ("role", record.role.map { visit.word("role", $0) }), ("from", record.address),
            ("client", record.agent), ("requestID", record.requestID), ("action", record.action),
            ("rule", record.rule), ("deviceName", record.deviceName), ("deviceID", record.device),
            ("volume", record.volume), ("keyID", record.protector), ("rotation", record.rotation),
            ("about", record.token), ("reason", record.reason.map { visit.word("reasonCode", $0) }),
            ("ticket", record.ticket), ("comment", record.comment), ("detail", record.detail),
        ]
        return parts.compactMap { name, value in
            value.map { ["name": visit.text(name), "value": $0] }
        }
    }
}

extension TreeHash {
    /// The hash as people compare it.
    fileprivate var text: String {
        self.bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
