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

/// One well-formed body of each sort, with every field in it.
let jsonSeeds: [String: String] = [
    "enrol": """
    {"deviceId":"8f595209-f5b9-49a0-85d4-cb8f80258c27","publicKey":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE","name":"LAPTOP-01",
    "serial":"5CG1","owner":"ada@example.org","operatingSystem":"Windows 11"}
    """,
    "check-in": """
    {"name":"LAPTOP-01","serial":"5CG1","owner":"ada","operatingSystem":"Windows 11","volumes":[{
    "id":"8f595209-f5b9-49a0-85d4-cb8f80258c27","type":"operatingSystem","label":"C:","protection":"on",
    "encryptedPercentage":100,"protectors":[{"id":"64311dea-4587-4029-924a-ba299647998e","type":"recoveryPassword"},
    {"id":"3e55195c-8811-4d9b-97b4-2b9e5f8f5384","type":"tpm"}]}],"recoveries":[{
    "volumeId":"8f595209-f5b9-49a0-85d4-cb8f80258c27","protectorId":"64311dea-4587-4029-924a-ba299647998e"}]}
    """,
    "deposit": """
    {"volumeId":"8f595209-f5b9-49a0-85d4-cb8f80258c27","protectorId":"64311dea-4587-4029-924a-ba299647998e",
    "type":"recoveryPassword","secret":"111683-110022-683298-209352-468105-648483-571252-334455",
    "metadata":"61JALUZWRS1GUy0=","rotationId":"3e55195c-8811-4d9b-97b4-2b9e5f8f5384"}
    """,
    "failure": #"{"volumeId":"8f595209-f5b9-49a0-85d4-cb8f80258c27","code":"0x80310060"}"#,
    "result": #"{"outcome":"failed","code":"noTPM"}"#,
    "reveal": """
    {"keyId":"64311dea-4587-4029-924a-ba299647998e","volumeId":null,"reason":"other","ticket":"INC-1",
    "comment":"\\u00e9\\ud83d\\ude00"}
    """,
    "rotate": #"{"volumeId":"8f595209-f5b9-49a0-85d4-cb8f80258c27","trigger":"compromised"}"#,
    "legal-hold": #"{"hold":true}"#,
    "token": #"{"name":"n","role":"helpdesk","groups":["a","b"],"expiresAt":"2026-11-24T13:00:00.000Z"}"#,
    "enrolment-token": #"{"name":"n","group":"g","maximumUses":5,"expiresAt":"2026-11-24T13:00:00Z"}"#,
    "check-in-answer": """
    {"status":{"state":"pending","reason":"rotating","since":"2026-11-24T13:00:00.000Z"},"instructions":[{
    "id":"64311dea-4587-4029-924a-ba299647998e","action":"removeProtectors",
    "volumeId":"8f595209-f5b9-49a0-85d4-cb8f80258c27","protectorIds":["3e55195c-8811-4d9b-97b4-2b9e5f8f5384"],
    "protectorType":"recoveryPassword"}],"nextCheckInSeconds":60}
    """,
    "deposit-answer": """
    {"keyId":"64311dea-4587-4029-924a-ba299647998e","proof":"refuted","proofReason":"wrongSecret","status":{
    "state":"failed","reason":"proofRefuted","since":"2026-11-24T13:00:00.000Z"},"instructions":[]}
    """,
    "problem":
        #"{"type":"urn:sparekey:problem:invalid","title":"t","status":400,"detail":"d","field":"f","requestId":"r"}"#,
]
