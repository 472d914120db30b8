import AuditDelivery
import EscrowModel
import Foundation
import Testing

@Suite("How a sink is tried again")
struct BackoffTests {
    @Test("the wait doubles up to its end, and is somewhere in its second half", arguments: 1...40)
    func delays(failures: Int) {
        var generator = SystemRandomNumberGenerator()
        let backoff = Backoff(first: .milliseconds(500), longest: .seconds(60))
        let whole = min(Duration.milliseconds(500) * (1 << min(failures - 1, 16)), .seconds(60))
        for _ in 0..<100 {
            let delay = backoff.delay(failures: failures, using: &generator)
            #expect(delay >= whole * 0.5 && delay <= whole)
        }
    }
}

@Suite("The signature of a webhook")
struct WebhookSecretTests {
    @Test("the example of the Standard Webhooks libraries is signed as they sign it")
    func example() throws {
        // The test vector of the reference libraries: github.com/standard-webhooks/standard-webhooks, libraries/*/test.
        let secret = try WebhookSecret(Data("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".utf8))
        let body = Array(#"{"test": 2432232314}"#.utf8)
        #expect(
            secret.signature(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: body)
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        )
    }

    @Test(
        "a secret that is too short or not Base64 is refused",
        arguments: ["", "short", "whsec_???", "whsec_c2hvcnQ="]
    )
    func unusable(text: String) {
        #expect(throws: WebhookSecret.Unusable.self) { try WebhookSecret(Data(text.utf8)) }
    }
}
