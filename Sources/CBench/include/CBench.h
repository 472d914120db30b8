#ifndef SPAREKEY_CBENCH_H
#define SPAREKEY_CBENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

/// Runs nothing but the instructions that the chained hash waits for: for each round of the chain, the 64 dependent
/// `sha256rnds2` of its two SHA-256 blocks. No implementation on this kind of processor can be faster.
///
/// False, and nothing is run, where the processor has no such instructions.
bool sparekey_bench_chain_floor(uint64_t rounds);

/// Seconds of a clock that only goes forward.
double sparekey_bench_now(void);

/// Seconds of processor time that this thread has used.
double sparekey_bench_thread_time(void);

/// Seconds of processor time that a process has used; 0 when there is no such process.
double sparekey_bench_process_time(pid_t process);

#endif
