#include "CBench.h"

#include <time.h>

static double seconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) return 0;
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double sparekey_bench_now(void) { return seconds(CLOCK_MONOTONIC); }

double sparekey_bench_thread_time(void) { return seconds(CLOCK_THREAD_CPUTIME_ID); }

double sparekey_bench_process_time(pid_t process) {
    clockid_t clock;
    return clock_getcpuclockid(process, &clock) == 0 ? seconds(clock) : 0;
}
