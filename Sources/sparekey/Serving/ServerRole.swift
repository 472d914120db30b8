/// What a server does.
enum ServerRole: String, CaseIterable, Sendable {
    /// Everything.
    case full
    /// Takes enrolments, check-ins and deposits, and has nothing that opens a secret.
    case ingest
}
