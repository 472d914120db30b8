import EscrowService
import BitLocker
import EscrowAPI
import EscrowModel
import EscrowServer
import Foundation
import HTTPTypes
import Testing

/// The four promised paths, and what belongs to them.
struct KeyRoutesTests {
    let escrow: TestEscrow

    init() async throws {
        self.escrow = try await TestEscrow { settings in
            settings.isProofRequired = false
            settings.rotationDelayAfterDisclosure = .hours(1)
        }
    }

    @Test("the list shows a line a volume, and no secret")
    func list() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let answer = try await self.escrow.network.send(.get, keysPath, token: self.escrow.token(.reader))
        let page = try answer.decode(PageDocument<KeyListItem>.self)
        #expect(page.next == nil)
        let line = try #require(page.items.first)
        #expect(page.items.count == 1)
        #expect(line.device.id == agent.id && line.device.group == "berlin" && line.device.name == "LAPTOP-1")
        #expect(line.volume.id == agent.volume && line.volume.status.state == .escrowed)
        #expect(line.key?.keyId == agent.protector && line.key?.proof == .unproven)
        #expect(!answer.text.contains("111683"))
    }

    @Test("filters narrow the list, each by itself")
    func filters() async throws {
        let berlin = try await TestAgent.escrowed(in: self.escrow, name: "LAPTOP-1")
        let paris = try await TestAgent.escrowed(in: self.escrow, name: "DESKTOP-2", group: "paris")
        let token = try await self.escrow.token(.reader)
        self.escrow.clock.advance(by: .days(10))
        let cases: [(query: String, expected: [GUID])] = [
            ("status=escrowed", [berlin.id, paris.id]), ("status=failed", []), ("reason=none", [berlin.id, paris.id]),
            ("deviceName=lap", [berlin.id]), ("serial=SN-DESKTOP-2", [paris.id]), ("group=paris", [paris.id]),
            ("owner=KIM@example.com", [berlin.id, paris.id]), ("owner=kim", []), ("volumeType=fixedData", []),
            ("volumeType=operatingSystem", [berlin.id, paris.id]), ("proof=proven", []),
            ("proof=unproven", [berlin.id, paris.id]), ("deviceId=\(paris.id)", [paris.id]),
            ("keyId=\(berlin.protector.description.prefix(8).uppercased())", [berlin.id]),
            ("keyId=%7B\(paris.protector)%7D", [paris.id]), ("minAgeDays=9", [berlin.id, paris.id]),
            ("minAgeDays=11", []), ("maxAgeDays=9", []), ("maxAgeDays=11&group=berlin", [berlin.id]),
            ("depositedBefore=2027-01-01T00:00:00Z", []),
            ("depositedSince=2027-01-01T00:00:00Z", [berlin.id, paris.id]),
        ]
        for (query, expected) in cases {
            let answer = try await self.escrow.network.send(.get, "\(keysPath)?\(query)", token: token)
            let page = try answer.decode(PageDocument<KeyListItem>.self)
            #expect(Set(page.items.map(\.device.id)) == Set(expected), "\(query)")
        }
    }

    @Test("pages follow each other by their cursors, each line once, to the end")
    func pages() async throws {
        var expected: Set<GUID> = []
        for number in 0..<5 {
            expected.insert(try await TestAgent.escrowed(in: self.escrow, name: "PC-\(number)").id)
        }
        let token = try await self.escrow.token(.administrator)
        for path in [keysPath, "/api/devices"] {
            var seen: [GUID] = []
            var cursor: String? = ""
            while let next = cursor {
                let query = "limit=2" + (next.isEmpty ? "" : "&cursor=\(next)")
                let answer = try await self.escrow.network.send(.get, "\(path)?\(query)", token: token)
                #expect(answer.status == .ok)
                if path == keysPath {
                    let page = try answer.decode(PageDocument<KeyListItem>.self)
                    seen += page.items.map(\.device.id)
                    cursor = page.next
                } else {
                    let page = try answer.decode(PageDocument<DeviceDocument>.self)
                    seen += page.items.map(\.id)
                    cursor = page.next
                }
                #expect(seen.count <= 5)
            }
            #expect(seen.count == 5 && Set(seen) == expected, "\(path)")
        }
        var indices: [Int64] = []
        var cursor: String? = ""
        while let next = cursor {
            let query = "limit=3" + (next.isEmpty ? "" : "&cursor=\(next)")
            let answer = try await self.escrow.network.send(.get, "\(keysPath)/audit?\(query)", token: token)
            let page = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
            let items = try #require(page?["items"] as? [[String: Any]])
            indices += items.compactMap { ($0["index"] as? NSNumber)?.int64Value }
            cursor = page?["next"] as? String
        }
        #expect(indices == Array((0...indices[0]).reversed()))
    }

    @Test("a device is shown with its volumes, keys and rotations, and no secret")
    func get() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let answer = try await self.escrow.network.send(
            .get,
            "\(keysPath)/\(agent.id)",
            token: self.escrow.token(.reader)
        )
        let shown = try answer.decode(DeviceKeysDocument.self)
        #expect(shown.device.id == agent.id)
        #expect(shown.volumes.map(\.volume.id) == [agent.volume])
        #expect(shown.volumes.first?.keys.map(\.keyId) == [agent.protector])
        #expect(shown.rotations.isEmpty)
        #expect(!answer.text.contains("111683"))
    }

    @Test("a device outside of the token's groups is as if it were not there")
    func outOfScope() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow, group: "berlin")
        let token = try await self.escrow.token(.helpdesk, groups: ["paris"])
        let target = "\(keysPath)/\(agent.id)"
        #expect(try await self.escrow.network.send(.get, target, token: token).status == .notFound)
        let reveal = try await self.escrow.network.send(
            .post,
            "\(target)/reveal",
            token: token,
            json: #"{"reason":"test"}"#
        )
        #expect(reveal.status == .notFound)
        #expect(try await self.escrow.network.send(.post, "\(target)/rotate", token: token).status == .notFound)
        let list = try await self.escrow.network.send(.get, keysPath, token: token)
        #expect(try list.decode(PageDocument<KeyListItem>.self).items.isEmpty)
    }

    @Test("a reveal answers the digits in the form of the API's document, with the rotation that will replace them")
    func reveal() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.helpdesk)
        let request = RevealRequest(reason: .incorrectPIN, ticket: "INC-1")
        let answer = try await self.escrow.network.send(.post, "\(keysPath)/\(agent.id)/reveal", token: token, request)
        #expect(answer.status == .ok)
        let revealed = try answer.decode(RevealAnswer.self)
        #expect(revealed.recoveryPassword == TestAgent.digits)
        #expect(revealed.recoveryKey == nil && revealed.fileName == nil)
        #expect(revealed.keyId == agent.protector && revealed.volumeId == agent.volume)
        #expect(revealed.type == .recoveryPassword && revealed.proof == .unproven)
        #expect(revealed.rotationId != nil)
        let auditor = try await self.escrow.token(.auditor)
        let audit = try await self.escrow.network.send(.get, "\(keysPath)/audit?kind=key.disclosed", token: auditor)
        #expect(audit.text.contains(#""ticket":"INC-1""#) && audit.text.contains(agent.protector.description))
        #expect(!audit.text.contains("111683"))
    }

    @Test("a recovery key is disclosed as the very file that was deposited, with its name")
    func revealRecoveryKey() async throws {
        let agent = TestAgent(self.escrow)
        _ = try await agent.enrol(token: self.escrow.enrolmentToken())
        var checkIn = agent.checkInRequest
        checkIn.volumes[0].protectors = [CheckInRequest.Protector(id: agent.protector, type: .recoveryKey)]
        #expect(try await agent.post("check-in", checkIn).status == .ok)
        var generator = SystemRandomNumberGenerator()
        let key = RecoveryKey.generate(protectorID: agent.protector, created: FileTime(ticks: 1), using: &generator)
        let file = key.withFileBytes { bytes in Data(bytes.indices.map { bytes[$0] }) }
        let deposit = DepositRequest(
            volumeId: agent.volume,
            protectorId: agent.protector,
            type: .recoveryKey,
            secret: file.base64EncodedString()
        )
        #expect(try await agent.post("deposits", deposit).status == .created)
        let answer = try await self.escrow.network.send(
            .post,
            "\(keysPath)/\(agent.id)/reveal",
            token: self.escrow.token(.helpdesk),
            RevealRequest(reason: .test)
        )
        let revealed = try answer.decode(RevealAnswer.self)
        #expect(revealed.recoveryKey == file.base64EncodedString())
        #expect(revealed.fileName == "{\(agent.protector.description.uppercased())}.BEK")
        #expect(revealed.recoveryPassword == nil)
    }

    @Test("GET with reveal=current discloses to a bearer client, with a reason, and never beside a cookie")
    func revealByGet() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.helpdesk)
        let target = "\(keysPath)/\(agent.id)"
        let answer = try await self.escrow.network.send(
            .get,
            "\(target)?reveal=current&reason=other&comment=a+drill&ticket=T%231",
            token: token
        )
        #expect(try answer.decode(RevealAnswer.self).recoveryPassword == TestAgent.digits)

        let cookie = try await self.escrow.network.send(
            .get,
            "\(target)?reveal=current&reason=test",
            token: token,
            headers: [.cookie: "a=b"]
        )
        #expect(cookie.status == .forbidden)
        #expect(try cookie.problem().type == "urn:sparekey:problem:bearer-only")
        #expect(!cookie.text.contains("111683"))
        let console = try await self.escrow.console.send(.get, "\(target)?reveal=current&reason=test")
        #expect(console.status == .forbidden)

        for (query, field) in [
            ("reveal=current", "reason"), ("reveal=all&reason=test", "reveal"), ("reason=test", "reason"),
            ("ticket=1", "ticket"), ("reveal=current&reason=other", "comment"),
            ("reveal=current&reason=test&volumeId=1", "volumeId"), ("reveal=current&reason=test&keyId=1", "query"),
        ] {
            let refused = try await self.escrow.network.send(.get, "\(target)?\(query)", token: token)
            #expect(refused.status == .badRequest, "\(query)")
            #expect(try refused.problem().field == field, "\(query)")
        }
        #expect(try await self.escrow.network.send(.get, target, token: token, headers: [.cookie: "a=b"]).status == .ok)
    }

    @Test("what is not there is answered 404: the device, the key, the volume's key")
    func nothingToReveal() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.helpdesk)
        let other = GUID(high: 1, low: 1)
        for (device, request) in [
            (other, RevealRequest(reason: .test)), (agent.id, RevealRequest(keyId: other, reason: .test)),
            (agent.id, RevealRequest(volumeId: other, reason: .test)),
        ] {
            let answer = try await self.escrow.network.send(
                .post,
                "\(keysPath)/\(device)/reveal",
                token: token,
                request
            )
            #expect(answer.status == .notFound)
        }
    }

    @Test("which of several volumes is meant must be said: 409 until it is")
    func severalVolumes() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        var generator = SystemRandomNumberGenerator()
        let (volume, protector) = (GUID.random(using: &generator), GUID.random(using: &generator))
        var checkIn = agent.checkInRequest
        checkIn.volumes.append(
            CheckInRequest.Volume(
                id: volume,
                type: .fixedData,
                protection: .on,
                protectors: [CheckInRequest.Protector(id: protector, type: .recoveryPassword)]
            )
        )
        #expect(try await agent.post("check-in", checkIn).status == .ok)
        var deposit = agent.depositRequest
        deposit.volumeId = volume
        deposit.protectorId = protector
        #expect(try await agent.post("deposits", deposit).status == .created)
        let token = try await self.escrow.token(.helpdesk)
        let target = "\(keysPath)/\(agent.id)"
        let answer = try await self.escrow.network.send(
            .post,
            "\(target)/reveal",
            token: token,
            RevealRequest(reason: .test)
        )
        #expect(answer.status == .conflict)
        #expect(try answer.problem().type == "urn:sparekey:problem:volumeNeeded")
        let named = try await self.escrow.network.send(
            .get,
            "\(target)?reveal=current&reason=test&volumeId=\(volume)",
            token: token
        )
        #expect(try named.decode(RevealAnswer.self).keyId == protector)
    }

    @Test("a rotation is asked for with 202; the same idempotency key is answered with the same rotation")
    func rotate() async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let token = try await self.escrow.token(.helpdesk)
        let target = "\(keysPath)/\(agent.id)/rotate"
        let first = try await self.escrow.network.send(.post, target, token: token, headers: [.idempotencyKey: "k1"])
        #expect(first.status == .accepted)
        let rotation = try #require(try first.decode(RotateAnswer.self).rotations.first)
        #expect(rotation.state == .requested && rotation.trigger == .manual && rotation.replaces == [agent.protector])
        let cancelled = try await self.escrow.network.send(.post, "/api/rotations/\(rotation.id)/cancel", token: token)
        #expect(try cancelled.decode(RotationDocument.self).state == .cancelled)
        let again = try await self.escrow.network.send(.post, target, token: token, headers: [.idempotencyKey: "k1"])
        #expect(try again.decode(RotateAnswer.self).rotations.first?.id == rotation.id)
        let other = try await self.escrow.network.send(.post, target, token: token, headers: [.idempotencyKey: "k2"])
        #expect(try other.decode(RotateAnswer.self).rotations.first?.id != rotation.id)
        let joined = try await self.escrow.network.send(
            .post,
            target,
            token: token,
            RotateRequest(trigger: .compromised)
        )
        #expect(
            try joined.decode(RotateAnswer.self).rotations.first?.id
                == other.decode(RotateAnswer.self).rotations.first?.id
        )
        let twice = try await self.escrow.network.send(.post, "/api/rotations/\(rotation.id)/cancel", token: token)
        #expect(twice.status == .conflict)
    }

    @Test(
        "a rotation that cannot be asked for is answered with the field",
        arguments: [
            (#"{"trigger":"age"}"#, "k", "trigger"), (#"{"trigger":"soon"}"#, "k", "trigger"),
            (#"{"volumeId":"8f595209-f5b9-49a0-85d4-cb8f80258c27"}"#, "k", "volumeId"),
            (#"{}"#, "two words", "Idempotency-Key"), (#"{}"#, String(repeating: "k", count: 129), "Idempotency-Key"),
        ]
    )
    func rotateRefused(json: String, key: String, field: String) async throws {
        let agent = try await TestAgent.escrowed(in: self.escrow)
        let answer = try await self.escrow.network.send(
            .post,
            "\(keysPath)/\(agent.id)/rotate",
            token: self.escrow.token(.helpdesk),
            headers: [.idempotencyKey: key],
            json: json
        )
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().field == field)
    }
}
