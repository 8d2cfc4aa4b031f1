/* A disk that loses power: preloaded into a process, it keeps beside the directory PLATTER_LIVE a second one, PLATTER_COPY,
 * that holds only what would be left after the power went: file contents as of their last fsync or fdatasync, names as of
 * the last fsync of the file (its creation) or of its directory (creation, rename, removal). sync_file_range makes nothing
 * durable. PLATTER_INODES is a scratch directory on the same file system.
 *
 * With PLATTER_EARLY=n every n-th 4 KiB page of a write, at random, reaches the copy at once: the system may write back
 * whatever it likes before it is told to, in any order.
 *
 * Nothing is really synced: killing a process leaves the page cache alone. Not covered, since neither sled nor std need it:
 * mmap, dup'ed descriptors, copy_file_range, hard links. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 4096, PAGE = 4096, COPY_BUFFER = 1 << 20 };

struct range { off_t from, to; };

struct inode {
    ino_t number;
    int copy;              /* descriptor of PLATTER_INODES/<number> */
    int source;            /* the file itself, to read: the process may have opened it only to write */
    struct range *dirty;
    size_t count, room;
    struct inode *next;
};

enum kind { CREATED, RENAMED, REMOVED, MADE };

/* A change of a directory that is not durable yet. Paths are relative to PLATTER_LIVE. */
struct change {
    enum kind kind;
    char *path, *to;
    ino_t number;
    struct change *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char live[PATH_MAX / 2], copy[PATH_MAX / 2], inodes[PATH_MAX / 2];
static int active = -1;
static unsigned early;
static uint64_t seed;
static struct inode *open_inodes;
static struct { struct inode *inode; char *directory; } fds[FDS];
static struct change *changes, **changes_end = &changes;
static char buffer[COPY_BUFFER];

static void fail(const char *what) {
    dprintf(2, "platter: %s: %s\n", what, strerror(errno));
    _exit(99);
}

static long real_open(const char *path, int flags, mode_t mode) {
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void start(void) {
    if (active >= 0) return;
    const char *l = getenv("PLATTER_LIVE"), *c = getenv("PLATTER_COPY"), *i = getenv("PLATTER_INODES");
    active = l && c && i;
    if (!active) return;
    snprintf(live, sizeof live, "%s", l);
    snprintf(copy, sizeof copy, "%s", c);
    snprintf(inodes, sizeof inodes, "%s", i);
    const char *e = getenv("PLATTER_EARLY"), *s = getenv("PLATTER_SEED");
    early = e ? (unsigned)atoi(e) : 0;
    seed = (s ? strtoull(s, 0, 10) : 1) * 2654435769u + 1;
}

static unsigned random_below(unsigned n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)((seed >> 16) % n);
}

/* The part of an absolute path below PLATTER_LIVE ("" for itself), or null. */
static const char *below(const char *path) {
    size_t n = strlen(live);
    if (!active || !path || strncmp(path, live, n) != 0 || (path[n] && path[n] != '/')) return 0;
    path += n;
    while (*path == '/') path++;
    return path;
}

static void in_copy(char *out, const char *path) {
    if (snprintf(out, PATH_MAX, "%s%s%s", copy, *path ? "/" : "", path) >= PATH_MAX) fail("path");
}

static void directory_of(char *out, const char *path) {
    snprintf(out, PATH_MAX, "%s", path);
    char *slash = strrchr(out, '/');
    if (slash) *slash = 0; else *out = 0;
}

static void make_parents(const char *path) {
    char at[PATH_MAX];
    in_copy(at, path);
    for (char *p = at + strlen(copy) + 1; (p = strchr(p, '/')); p++) {
        *p = 0;
        syscall(SYS_mkdirat, AT_FDCWD, at, 0777);
        *p = '/';
    }
}

static void link_inode(ino_t number, const char *path) {
    char from[PATH_MAX], to[PATH_MAX];
    snprintf(from, sizeof from, "%s/%llu", inodes, (unsigned long long)number);
    in_copy(to, path);
    make_parents(path);
    syscall(SYS_unlinkat, AT_FDCWD, to, 0);
    if (syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0) != 0) fail("link");
}

static struct inode *inode_of(ino_t number, const char *path, const char *existing) {
    for (struct inode *i = open_inodes; i; i = i->next)
        if (i->number == number) return i;
    char name[PATH_MAX], from[PATH_MAX];
    snprintf(name, sizeof name, "%s/%llu", inodes, (unsigned long long)number);
    if (existing) { /* it was there before this process: its copy is durable already */
        in_copy(from, existing);
        syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, name, 0);
    }
    struct inode *i = calloc(1, sizeof *i);
    i->number = number;
    i->copy = (int)real_open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    i->source = (int)real_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (i->copy < 0 || i->source < 0) fail("inode");
    i->next = open_inodes;
    return open_inodes = i;
}

/* The file system gave the number of a removed file to a new one. */
static void forget(ino_t number) {
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s/%llu", inodes, (unsigned long long)number);
    syscall(SYS_unlinkat, AT_FDCWD, name, 0);
    for (struct inode *i = open_inodes; i; i = i->next)
        if (i->number == number) i->number = 0;
}

static void note_change(enum kind kind, const char *path, const char *to, ino_t number) {
    struct change *c = calloc(1, sizeof *c);
    c->kind = kind, c->path = strdup(path), c->to = to ? strdup(to) : 0, c->number = number;
    *changes_end = c;
    changes_end = &c->next;
}

static void make_durable(struct change *c) {
    char a[PATH_MAX], b[PATH_MAX];
    in_copy(a, c->path);
    switch (c->kind) {
    case CREATED: link_inode(c->number, c->path); break;
    case REMOVED: syscall(SYS_unlinkat, AT_FDCWD, a, 0); break;
    case MADE: make_parents(c->path); syscall(SYS_mkdirat, AT_FDCWD, a, 0777); break;
    case RENAMED: in_copy(b, c->to); make_parents(c->to); syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 0); break;
    }
}

/* Makes durable, in their order, the changes of one directory, or the creation of one file. */
static void settle(const char *directory, ino_t number) {
    for (struct change **at = &changes; *at;) {
        struct change *c = *at;
        char d[PATH_MAX], e[PATH_MAX];
        directory_of(d, c->path);
        directory_of(e, c->to ? c->to : c->path);
        int now = directory ? !strcmp(d, directory) || !strcmp(e, directory) || (c->kind == MADE && !strcmp(c->path, directory))
                            : c->kind == CREATED && c->number == number;
        if (!now) { at = &c->next; continue; }
        make_durable(c);
        *at = c->next;
        if (changes_end == &c->next) changes_end = at;
        free(c->path), free(c->to), free(c);
    }
}

static void copy_range(struct inode *i, off_t from, off_t to) {
    while (from < to) {
        size_t want = (size_t)(to - from) < sizeof buffer ? (size_t)(to - from) : sizeof buffer;
        long got = syscall(SYS_pread64, i->source, buffer, want, from);
        if (got < 0) fail("read");
        if (got == 0) return; /* beyond the end: cut off below */
        if (syscall(SYS_pwrite64, i->copy, buffer, got, from) != got) fail("copy");
        from += got;
    }
}

static void dirty(struct inode *i, off_t from, off_t to) {
    if (from >= to) return;
    if (i->count && i->dirty[i->count - 1].to == from) { i->dirty[i->count - 1].to = to; return; }
    if (i->count == i->room) {
        i->room = i->room ? i->room * 2 : 64;
        i->dirty = realloc(i->dirty, i->room * sizeof *i->dirty);
        if (!i->dirty) fail("memory");
    }
    i->dirty[i->count++] = (struct range){from, to};
}

static void wrote(struct inode *i, off_t from, off_t to) {
    dirty(i, from, to);
    for (off_t page = from / PAGE * PAGE; early && page < to; page += PAGE)
        if (!random_below(early)) copy_range(i, page > from ? page : from, page + PAGE < to ? page + PAGE : to);
}

static void after_open(int fd, const char *path, int flags, int existed, off_t old_size) {
    const char *name = below(path);
    struct stat now;
    if (!name || fd < 0 || fd >= FDS || fstat(fd, &now) != 0) return;
    if (S_ISDIR(now.st_mode)) { fds[fd].directory = strdup(name); return; }
    if (!S_ISREG(now.st_mode)) return;
    if (!existed) forget(now.st_ino);
    struct inode *i = fds[fd].inode = inode_of(now.st_ino, path, existed ? name : 0);
    if (!existed) note_change(CREATED, name, 0, now.st_ino);
    if (existed && (flags & O_TRUNC)) dirty(i, 0, old_size);
}

static int open_common(const char *path, int flags, mode_t mode) {
    pthread_mutex_lock(&lock);
    start();
    struct stat before;
    int existed = active && below(path) && stat(path, &before) == 0;
    int fd = (int)real_open(path, flags, mode), error = errno;
    if (active) after_open(fd, path, flags, existed, existed ? before.st_size : 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); }

int open(const char *path, int flags, ...) { MODE(flags) return open_common(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_common(path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    return *path == '/' ? open_common(path, flags, mode) : (int)syscall(SYS_openat, at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    return *path == '/' ? open_common(path, flags, mode) : (int)syscall(SYS_openat, at, path, flags, mode);
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FDS) fds[fd].inode = 0, free(fds[fd].directory), fds[fd].directory = 0;
    int result = (int)syscall(SYS_close, fd), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static struct inode *tracked(int fd) { return fd >= 0 && fd < FDS ? fds[fd].inode : 0; }

static ssize_t at_offset(int fd, const void *bytes, size_t n, off_t offset) {
    if (!tracked(fd)) return syscall(SYS_pwrite64, fd, bytes, n, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, n, offset);
    int error = errno;
    struct inode *i = tracked(fd);
    if (done > 0 && i) wrote(i, offset, offset + done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) { return at_offset(fd, bytes, n, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset) { return at_offset(fd, bytes, n, offset); }

/* After a write at the descriptor's own position, which has moved by what was written. */
static void wrote_here(int fd, ssize_t done) {
    struct inode *i = tracked(fd);
    off_t now = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    if (i && done > 0 && now >= done) wrote(i, now - done, now);
}

ssize_t write(int fd, const void *bytes, size_t n) {
    if (!tracked(fd)) return syscall(SYS_write, fd, bytes, n);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_write, fd, bytes, n);
    int error = errno;
    wrote_here(fd, done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int n) {
    if (!tracked(fd)) return syscall(SYS_writev, fd, parts, n);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_writev, fd, parts, n);
    int error = errno;
    wrote_here(fd, done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

static int truncate_to(int fd, off_t size) {
    pthread_mutex_lock(&lock);
    struct stat before;
    struct inode *i = tracked(fd);
    int known = i && fstat(fd, &before) == 0;
    int result = (int)syscall(SYS_ftruncate, fd, size), error = errno;
    if (result == 0 && known) dirty(i, size, before.st_size);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate(int fd, off_t size) { return truncate_to(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncate_to(fd, size); }

static int sync_fd(int fd) {
    pthread_mutex_lock(&lock);
    struct inode *i = tracked(fd);
    struct stat now;
    if (i && fstat(fd, &now) == 0) {
        for (size_t n = 0; n < i->count; n++) copy_range(i, i->dirty[n].from, i->dirty[n].to);
        i->count = 0;
        if (syscall(SYS_ftruncate, i->copy, now.st_size) != 0) fail("truncate");
        settle(0, i->number);
    } else if (fd >= 0 && fd < FDS && fds[fd].directory) {
        settle(fds[fd].directory, 0);
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_fd(fd); }
int fdatasync(int fd) { return sync_fd(fd); }
int sync_file_range(int fd, off64_t offset, off64_t n, unsigned flags) {
    (void)fd, (void)offset, (void)n, (void)flags;
    return 0;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    start();
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0), error = errno;
    if (result == 0 && below(from) && below(to)) note_change(RENAMED, below(from), below(to), 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    start();
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0), error = errno;
    if (result == 0 && below(path)) note_change(REMOVED, below(path), 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int mkdir(const char *path, mode_t mode) {
    pthread_mutex_lock(&lock);
    start();
    int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode), error = errno;
    if (result == 0 && below(path)) note_change(MADE, below(path), 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
