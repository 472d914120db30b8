import DeviceSimulator
import Testing

@Suite("Fleet plan")
struct FleetPlanTests {
    private func plan(devices: Int, unencrypted: Int, faults: [Fault], each: Int) -> FleetPlan {
        var plan = FleetPlan(devices: devices, stateFolder: "", enrolmentToken: "")
        plan.unencrypted = unencrypted
        plan.faults = faults
        plan.faultyEach = each
        return plan
    }

    @Test("the last encrypted devices are the faulty ones, and each fault has as many as asked for")
    func faultyOnes() {
        let plan = self.plan(devices: 8, unencrypted: 2, faults: [.wrongPassword, .neverAnswers], each: 2)
        let faults = (0..<8).map { plan.fault(of: $0) }
        #expect(faults == [nil, nil, .neverAnswers, .neverAnswers, .wrongPassword, .wrongPassword, nil, nil])
    }

    @Test("a fleet without faults has none, whatever their number", arguments: [0, 1, 5])
    func noFaults(each: Int) {
        let plan = self.plan(devices: 3, unencrypted: 1, faults: [], each: each)
        #expect((0..<3).allSatisfy { plan.fault(of: $0) == nil })
    }

    @Test("a number of zero turns every fault off")
    func zeroEach() {
        let plan = self.plan(devices: 3, unencrypted: 0, faults: Fault.allCases, each: 0)
        #expect((0..<3).allSatisfy { plan.fault(of: $0) == nil })
    }
}
