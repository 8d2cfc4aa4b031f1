/* Kills the process that it is preloaded into, with SIGKILL, at one step of its choice, so that a test can go through all of
 * them. A step is whatever somebody else could ever see of the process: bytes for a file, its name, a sync, a connection, bytes said and
 * heard on a TCP connection. What lies between two steps is the process's own, and lost with it wherever the kill comes.
 *
 * STEPS_ARMED is a file: steps are counted from when it is there, and no longer when it is gone. STEPS_AT is the number of the
 * step that is not made any more (what was heard has been heard); 0 kills nobody. STEPS_LOG gets a line for each: what, and for
 * connections the other side's port. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;

static int is_file(int fd) {
    struct stat of;
    return fstat(fd, &of) == 0 && S_ISREG(of.st_mode);
}

/* The other side's port of a TCP connection; 0 of anything else. */
static int port(int fd) {
    struct sockaddr_in to;
    socklen_t size = sizeof to;
    if (getpeername(fd, (struct sockaddr *)&to, &size) != 0 || to.sin_family != AF_INET) return 0;
    return ntohs(to.sin_port);
}

/* The local port too: whom one speaks to is known by either. */
static int local(int fd) {
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0 || at.sin_family != AF_INET) return 0;
    return ntohs(at.sin_port);
}

static void step(const char *what, int here, int there) {
    const char *armed = getenv("STEPS_ARMED"), *at = getenv("STEPS_AT"), *log = getenv("STEPS_LOG");
    if (!armed || !at || !log) return;
    int error = errno;
    if (syscall(SYS_faccessat, AT_FDCWD, armed, F_OK) == 0) {
        pthread_mutex_lock(&lock);
        count++;
        char line[64];
        int n = snprintf(line, sizeof line, "%s %d %d\n", what, here, there);
        int to = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (to >= 0) {
            syscall(SYS_write, to, line, n);
            syscall(SYS_close, to);
        }
        if (count == atol(at)) {
            syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
            for (;;) pause(); /* nothing more is done, and the lock stays held */
        }
        pthread_mutex_unlock(&lock);
    }
    errno = error;
}

static void out(int fd) {
    int there = port(fd);
    if (there) step("say", local(fd), there);
    else if (is_file(fd)) step("disk", 0, 0);
}

static void in(int fd, ssize_t n) {
    int there = n > 0 ? port(fd) : 0;
    if (there) step("hear", local(fd), there);
}

ssize_t write(int fd, const void *bytes, size_t n) { out(fd); return syscall(SYS_write, fd, bytes, n); }
ssize_t writev(int fd, const struct iovec *parts, int n) { out(fd); return syscall(SYS_writev, fd, parts, n); }
ssize_t send(int fd, const void *bytes, size_t n, int flags) { out(fd); return syscall(SYS_sendto, fd, bytes, n, flags, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { out(fd); return syscall(SYS_pwrite64, fd, bytes, n, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) { out(fd); return syscall(SYS_pwrite64, fd, bytes, n, at); }

int fsync(int fd) { step("sync", 0, 0); return (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { step("sync", 0, 0); return (int)syscall(SYS_fdatasync, fd); }
int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags) {
    step("sync", 0, 0);
    return (int)syscall(SYS_sync_file_range, fd, at, n, flags);
}

int rename(const char *from, const char *to) {
    step("rename", 0, 0);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int connect(int fd, const struct sockaddr *to, socklen_t size) {
    if (to->sa_family == AF_INET) step("connect", 0, ntohs(((const struct sockaddr_in *)to)->sin_port));
    return (int)syscall(SYS_connect, fd, to, size);
}

ssize_t recv(int fd, void *bytes, size_t n, int flags) {
    ssize_t got = syscall(SYS_recvfrom, fd, bytes, n, flags, 0, 0);
    in(fd, got);
    return got;
}
ssize_t read(int fd, void *bytes, size_t n) {
    ssize_t got = syscall(SYS_read, fd, bytes, n);
    in(fd, got);
    return got;
}
ssize_t readv(int fd, const struct iovec *parts, int n) {
    ssize_t got = syscall(SYS_readv, fd, parts, n);
    in(fd, got);
    return got;
}
