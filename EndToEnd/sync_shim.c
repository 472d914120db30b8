// Stands between a server and its disk (LD_PRELOAD), so that a test can say what becomes of a sync. It looks for files in the
// folder SYNC_SHIM: with `fail` there, a sync fails as a broken disk's does; with `hang` there, a sync succeeds, says so in
// the file `synced`, and never returns, so that the process can be killed between its commit and its answer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int is_there(const char *name) {
    const char *folder = getenv("SYNC_SHIM");
    char path[4096];
    if (!folder) return 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void leave(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("SYNC_SHIM"), name);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    if (file >= 0) close(file);
}

static int sync_file(int file, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (is_there("fail")) {
        leave("failed");
        errno = EIO;
        return -1;
    }
    int result = real(file);
    if (is_there("hang")) {
        leave("synced");
        for (;;) pause();
    }
    return result;
}

int fsync(int file) { return sync_file(file, "fsync"); }
int fdatasync(int file) { return sync_file(file, "fdatasync"); }
