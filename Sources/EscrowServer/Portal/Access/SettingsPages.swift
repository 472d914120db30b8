import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowService
import EscrowStore
import Hummingbird

/// `/settings`: how the server is set up and how it is. What changes it is on the command line.
struct SettingsPages: Sendable {
    let portal: Portal

    func add(to pages: RouterGroup<ServerContext>) {
        pages.get("settings", use: self.portal.page(self.show))
    }

    @Sendable
    private func show(_ visit: Visit) async throws -> Response {
        _ = try QueryParameters<NoParameter>(of: visit.request)
        let setUp = try await visit.service.setUp(by: visit.caller)
        var values: [String: Any] = [
            "version": setUp.version, "problems": setUp.problems, "notices": setUp.notices,
            "ready": setUp.problems.isEmpty, "hasNotices": !setUp.notices.isEmpty,
            "kind": visit.text(setUp.isIngest ? "serverIngest" : "serverFull"),
            "size": Self.bytes(setUp.databaseSize, visit), "address": visit.service.publicURL ?? visit.text("notSet"),
            "provider": setUp.settings.signIn.issuer ?? visit.text("noProvider"),
            "opener": visit.text(setUp.settings.isOpenerSeparate ? "openerSeparate" : "openerInProcess"),
        ]
        values.merge(self.keyring(setUp.keyring, visit)) { $1 }
        values.merge(self.lists(setUp, visit)) { $1 }
        values.merge(self.times(setUp.settings, visit)) { $1 }
        if let log = setUp.log {
            values["log"] = [
                "origin": log.origin, "key": log.key, "entries": visit.number(Int(log.size)),
                "checkpoint": log.checkpoint,
            ]
        }
        return visit.page(.settings, title: "settings", values)
    }

    private func keyring(_ keyring: KeyringStatus, _ visit: Visit) -> [String: Any] {
        var values: [String: Any] = [
            "masterKey": keyring.masterKey, "generation": keyring.generation, "keyringID": keyring.id.description,
            "versions": keyring.versions.map { version -> [String: Any] in
                let (state, look) =
                    switch version.opens {
                    case true?: ("canaryOpens", "ok")
                    case false?: ("canaryFails", "bad")
                    case nil: (version.state == "destroyed" ? "nothing" : "unknown", "")
                    }
                return [
                    "number": version.number, "state": visit.text("keyVersion" + version.state.capitalizedFirst),
                    "suite": version.suite, "made": visit.time(version.createdAt),
                    "secrets": visit.number(version.secrets), "canary": visit.text(state), "look": look,
                ]
            },
            "recoveryKeys": keyring.recoveryKeys.map { key in
                ["id": key.id, "suite": key.suite, "added": visit.time(key.addedAt)]
            },
            "hasRecoveryKeys": !keyring.recoveryKeys.isEmpty,
            "toRewrap": visit.number(keyring.toRewrap), "isRewrapDue": keyring.toRewrap > 0,
        ]
        if let rewrap = keyring.rewrap {
            values["rewrap"] =
                [
                    "isOver": rewrap.finishedAt != nil, "done": visit.number(rewrap.rewrapped),
                    "total": visit.number(rewrap.total), "failed": visit.number(rewrap.failed),
                    "part": rewrap.rewrapped, "whole": max(rewrap.total, 1), "began": visit.time(rewrap.startedAt),
                    "ended": visit.time(rewrap.finishedAt, or: "nothing"),
                ] as [String: Any]
        }
        return values
    }

    private func lists(_ setUp: ServerSetUp, _ visit: Visit) -> [String: Any] {
        let witnesses = setUp.witnesses.map { witness -> [String: Any] in
            let (state, look) =
                if let objection = witness.objection {
                    (objection == .rewound ? "witnessRewound" : "witnessForked", "bad")
                } else {
                    witness.isFresh ? ("witnessFresh", "ok") : ("witnessSilent", "warn")
                }
            var values: [String: Any] = [
                "name": witness.name, "state": visit.text(state), "look": look,
                "at": visit.time(witness.cosigned?.at, or: "never"),
                "size": witness.cosigned.map { visit.number(Int($0.size)) } ?? "–",
            ]
            values["problem"] = witness.problem
            return values
        }
        let sinks = setUp.sinks.map { listing -> [String: Any] in
            var values: [String: Any] = [
                "name": listing.sink.name, "target": listing.sink.target, "lag": visit.number(Int(listing.lag)),
                "at": visit.time(listing.sink.deliveredAt, or: "never"),
                "state": visit.text(listing.problem == nil ? "sinkWorks" : "sinkFails"),
                "look": listing.problem == nil ? "ok" : "bad",
            ]
            values["problem"] = listing.problem?.text
            values["since"] = listing.problem.map { visit.time($0.since) }
            return values
        }
        return [
            "witnesses": witnesses, "hasWitnesses": !witnesses.isEmpty, "sinks": sinks, "hasSinks": !sinks.isEmpty,
            "witnessesRequired": visit.text(
                setUp.settings.witnessPolicy.mode == .require ? "witnessesRequire" : "witnessesWarn"
            ).filled([
                "n": "\(setUp.settings.witnessPolicy.required)",
                "span": visit.formats.duration(setUp.settings.witnessPolicy.maximumAge),
            ]),
        ]
    }

    private func times(_ settings: EscrowSettings, _ visit: Visit) -> [String: Any] {
        func span(_ span: TimeSpan?) -> String {
            guard let span else { return visit.text("never") }
            return span == .zero ? visit.text("atOnce") : visit.formats.duration(span)
        }
        func list(_ rows: [(String, String)]) -> [[String: String]] {
            rows.map { ["text": visit.text($0.0), "value": $0.1] }
        }
        return [
            "retention": list([
                ("setSuperseded", span(settings.supersededRetention)),
                ("setRetired", settings.retiredRetention.map { span($0) } ?? visit.text("forGood")),
            ]),
            "rotation": list([
                ("setAfterDisclosure", span(settings.rotationDelayAfterDisclosure)),
                ("setAfterRecovery", span(settings.rotationDelayAfterRecovery)),
                ("setAge", span(settings.rotationAge)),
                ("setCheckIn", span(settings.checkInInterval)),
                ("setDeposit", span(settings.depositPatience)),
                ("setProof", visit.text(settings.isProofRequired ? "yes" : "no")),
            ]),
            "signIn": list([
                ("setIdle", span(settings.signIn.idle)), ("setLifetime", span(settings.signIn.lifetime)),
                ("setInvitation", span(settings.signIn.invitationLifetime)),
                ("setFreshness", span(Policy.freshness)),
            ]),
        ]
    }

    /// A number of bytes in the largest unit that it has one of.
    private static func bytes(_ count: Int64, _ visit: Visit) -> String {
        var (value, units) = (Double(count), ["B", "KiB", "MiB", "GiB", "TiB"][...])
        while value >= 1024, units.count > 1 {
            value /= 1024
            units = units.dropFirst()
        }
        let tenths = Int((value * 10).rounded())
        let mark = visit.language == .german ? "," : "."
        return "\(visit.number(tenths / 10))\(mark)\(tenths % 10)\u{a0}\(units.first ?? "B")"
    }
}
