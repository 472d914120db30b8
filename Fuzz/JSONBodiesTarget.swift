import EscrowAPI
import FoundationEssentials

/// What is read as the body of a request is the same when it is written and read again, for every body there is.
func feedJSONBodies(_ input: [UInt8]) {
    let data = Data(input)
    feed(EnrolRequest.self, data)
    feed(CheckInRequest.self, data)
    feed(DepositRequest.self, data)
    feed(FailureRequest.self, data)
    feed(InstructionResultRequest.self, data)
    feed(RevealRequest.self, data)
    feed(RotateRequest.self, data)
    feed(LegalHoldRequest.self, data)
    feed(CreateTokenRequest.self, data)
    feed(CreateEnrolmentTokenRequest.self, data)
    // What the simulator reads comes from a server, which it need not trust.
    feed(CheckInAnswer.self, data)
    feed(DepositAnswer.self, data)
    feed(ProblemDocument.self, data)
}

private func feed<Body: Codable>(_ type: Body.Type, _ data: Data) {
    guard let body = try? JSONDecoder().decode(type, from: data) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let written = try? encoder.encode(body) else { return expect(false, "what was read can be written") }
    let again = try? JSONDecoder().decode(type, from: written)
    expect(try again.map { try encoder.encode($0) } == written, "what was written is read as the same")
}
