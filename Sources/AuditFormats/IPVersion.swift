import Glibc

/// Which version of IP an address is of.
enum IPVersion {
    case four
    case six

    /// Nil when a text is no address.
    init?(of text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self = .four
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self = .six
        } else {
            return nil
        }
    }
}
