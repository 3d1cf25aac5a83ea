#pragma once

#include "tests/bench/seat.hpp"

namespace netctl::bench {

// With the guest attached for the time of the measurement; "outside" is another namespace on the
// host's network, 10.99.0.2, to which the host is 10.99.0.1.

// TCP connections that a client outside opens to the guest's published port and closes again, one
// after the other.
Result<Samples> connections_per_second(Seat& seat);

// Gbit/s of one TCP stream, by iperf3: guest to resident, and guest to outside.
Result<Samples> throughput(Seat& seat);

}  // namespace netctl::bench
