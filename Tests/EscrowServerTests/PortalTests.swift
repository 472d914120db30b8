import EscrowModel
import EscrowServer
import HTTPTypes
import Testing

/// The portal's pages from outside.
struct PortalTests {
    let escrow: TestEscrow
    init() async throws { self.escrow = try await TestEscrow() }

    @Test("every template can be read, and every text is there in both languages")
    func built() {
        #expect(Pages().readable == Pages.Name.allCases)
        let catalogue = Catalogue()
        let english = catalogue.texts(.english)
        #expect(!english.isEmpty)
        #expect(Set(english.keys) == Set(catalogue.texts(.german).keys))
        #expect(english.values.allSatisfy { !$0.isEmpty })
    }

    @Test("the sign-in page is kept by nobody, framed by nobody and has no script")
    func headers() async throws {
        let answer = try await self.escrow.network.send(.get, "/sign-in")
        #expect(answer.status == .ok)
        #expect(answer.headers[.cacheControl] == "no-store")
        let policy = answer.headers[.contentSecurityPolicy] ?? ""
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(!answer.text.contains("<script"))
        let cookie = try #require(answer.headers[.setCookie])
        #expect(cookie.hasPrefix("__Host-sparekey-step="))
        for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] { #expect(cookie.contains(attribute)) }
    }

    @Test("without a session every page for people who are signed in leads to the sign-in or is refused")
    func nobody() async throws {
        let account = try await self.escrow.network.send(.get, "/account")
        #expect(account.status == .seeOther)
        #expect(account.headers[.location] == "/sign-in?return=%2Faccount")
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        headers[try #require(HTTPField.Name("Sec-Fetch-Site"))] = "same-origin"
        let end = try await self.escrow.network.send(.post, "/account/sessions/end-others", headers: headers)
        #expect(end.status == .unauthorized)
    }

    @Test("a form that another site sends is refused", arguments: ["cross-site", "same-site", "none", ""])
    func crossSite(site: String) async throws {
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        if !site.isEmpty { headers[try #require(HTTPField.Name("Sec-Fetch-Site"))] = site }
        let body = "userName=alice&password=x"
        let answer = try await self.escrow.network.send(.post, "/sign-in", headers: headers, body: Array(body.utf8))
        #expect(answer.status == .forbidden)
    }

    @Test(
        "a sign-in leads nowhere but to pages of ours",
        arguments: [
            "https://example.com", "//example.com", "example.com", "/%5Cexample.com", "/%2Fexample.com", "/a/..//b",
            "javascript:alert(1)", "/%0D%0ALocation:x", "/@example.com", "",
        ]
    )
    func redirects(target: String) async throws {
        let answer = try await self.escrow.network.send(.get, "/sign-in?return=\(target)")
        #expect(answer.text.contains(#"name="return" value="/""#))
    }

    @Test(
        "a sign-in leads back to the page that asked for it",
        arguments: zip(
            ["%2Fdevices", "%2Faudit%3Fkind%3Da%2Cb%26after%3D3"],
            ["/devices", "/audit?kind=a,b&amp;after=3"]
        )
    )
    func returns(asked: String, value: String) async throws {
        let answer = try await self.escrow.network.send(.get, "/sign-in?return=\(asked)")
        #expect(answer.text.contains("name=\"return\" value=\"\(value)\""))
    }
}
