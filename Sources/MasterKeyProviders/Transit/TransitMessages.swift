import Crypto
import FoundationEssentials

/// What is asked of the transit engine and of the log-in. Fields are the service's.
enum TransitMessages {
    struct Encrypt: Encodable {
        let plaintext: String
        let associatedData: String

        enum CodingKeys: String, CodingKey {
            case plaintext
            case associatedData = "associated_data"
        }
    }

    struct Decrypt: Encodable {
        let ciphertext: String
        let associatedData: String

        enum CodingKeys: String, CodingKey {
            case ciphertext
            case associatedData = "associated_data"
        }
    }

    struct NewKey: Encodable {
        let type = "aes256-gcm96"
    }

    struct AppRole: Encodable {
        let roleID: String
        let secretID: String

        enum CodingKeys: String, CodingKey {
            case roleID = "role_id"
            case secretID = "secret_id"
        }
    }

    /// An answer with something in `data`.
    struct Answer<Content: Decodable>: Decodable {
        let data: Content
    }

    struct Ciphertext: Decodable {
        let ciphertext: String
    }

    struct Plaintext: Decodable {
        let plaintext: String
    }

    /// The answer to a log-in.
    struct Login: Decodable {
        struct Auth: Decodable {
            let clientToken: String

            enum CodingKeys: String, CodingKey {
                case clientToken = "client_token"
            }
        }

        let auth: Auth
    }

    /// An answer that says what went wrong.
    struct Errors: Decodable {
        let errors: [String]
    }
}
