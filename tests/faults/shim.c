/* A bad disk and a wrong clock for one process: loaded with LD_PRELOAD before the C library, it stands between a
 * program and the calls that write, sync, open and tell the time.
 *
 *   SHIM_DIR     the directory whose files are watched; calls on other files pass. A file called `log` passes too.
 *   SHIM_RULE    a file; while it is there its one line says what fails:
 *                    calls path errno after
 *                calls: names with commas, or `writing` for everything that changes the disk; path: a part of the
 *                file's path, or `-` for any; after: so many calls that fit pass first.
 *   SHIM_STRUCK  a file to which every failed call is appended: "call errno path".
 *   SHIM_SYNCED  a file to which is appended what a power cut would leave: "C path" a file was made, "S length path"
 *                a file was synced when it was so long, "D path" a directory was synced, "R from\tto" a rename,
 *                "U path" a removal.
 *   SHIM_CLOCK   a file with a number of seconds by which the time of day is wrong.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LONG 4096

static const char *dir_of_node, *rule_file, *struck_file, *synced_file, *clock_file;
static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
static long seen, halved;

__attribute__((constructor)) static void begin(void) {
    dir_of_node = getenv("SHIM_DIR");
    rule_file = getenv("SHIM_RULE");
    struck_file = getenv("SHIM_STRUCK");
    synced_file = getenv("SHIM_SYNCED");
    clock_file = getenv("SHIM_CLOCK");
}

/* The shim's own files are read and written by system calls, past itself. */
static int slurp(const char *path, char *into, size_t room) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    long got = syscall(SYS_read, fd, into, room - 1);
    syscall(SYS_close, fd);
    if (got < 0) got = 0;
    into[got] = 0;
    return got > 0;
}

/* One descriptor for each, kept from the start, so that a process that has none left can still note it. */
static void note(const char *file, int *kept, const char *line) {
    if (!file) return;
    pthread_mutex_lock(&counting);
    if (*kept <= 0) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        *kept = fd < 0 ? -1 : fd;
    }
    if (*kept > 0) syscall(SYS_write, *kept, line, strlen(line));
    pthread_mutex_unlock(&counting);
}

static int struck_fd, synced_fd;

static void path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long got = syscall(SYS_readlinkat, AT_FDCWD, link, path, LONG - 1);
    path[got < 0 ? 0 : got] = 0;
}

static int is_watched(const char *path) {
    if (!dir_of_node || strncmp(path, dir_of_node, strlen(dir_of_node)) != 0) return 0;
    size_t length = strlen(path);
    return !(length >= 4 && strcmp(path + length - 4, "/log") == 0);
}

static int names(const char *calls, const char *call) {
    size_t length = strlen(call);
    for (const char *at = calls; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, call, length) == 0 && (at[length] == ',' || at[length] == 0)) return 1;
    return 0;
}

/* The error with which this call on this path fails now, or 0. */
static int fault(const char *call, int writes, const char *path) {
    char text[LONG], calls[256], part[1024];
    int error;
    long after;
    if (!rule_file || !slurp(rule_file, text, sizeof text)) {
        __atomic_store_n(&seen, 0, __ATOMIC_SEQ_CST);
        __atomic_store_n(&halved, 0, __ATOMIC_SEQ_CST);
        return 0;
    }
    if (sscanf(text, "%255s %1023s %d %ld", calls, part, &error, &after) != 4) return 0;
    if (!names(calls, call) && !(writes && names(calls, "writing"))) return 0;
    if (strcmp(part, "-") != 0 && !strstr(path, part)) return 0;
    if (__atomic_fetch_add(&seen, 1, __ATOMIC_SEQ_CST) < after) return 0;
    char line[LONG + 64];
    snprintf(line, sizeof line, "%s %d %s\n", call, error, path);
    note(struck_file, &struck_fd, line);
    return error;
}

static int fault_of_fd(const char *call, int writes, int fd) {
    char path[LONG];
    if (!rule_file) return 0;
    int kept = errno;
    path_of(fd, path);
    int error = is_watched(path) ? fault(call, writes, path) : 0;
    errno = error ? error : kept;
    return error;
}

static int fault_of_path(const char *call, int writes, const char *path) {
    if (!rule_file || !path || !is_watched(path)) return 0;
    int kept = errno;
    int error = fault(call, writes, path);
    errno = error ? error : kept;
    return error;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* ---- writing ---- */

/* A disk that becomes full takes a part of the write that fills it. */
static int fills_up(void) {
    return errno == ENOSPC && __atomic_fetch_add(&halved, 1, __ATOMIC_SEQ_CST) == 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!fault_of_fd("write", 1, fd)) return real(fd, bytes, count);
    return count > 1 && fills_up() ? real(fd, bytes, count / 2) : -1;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return fault_of_fd("writev", 1, fd) ? -1 : real(fd, parts, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (!fault_of_fd("pwrite", 1, fd)) return real(fd, bytes, count, at);
    return count > 1 && fills_up() ? real(fd, bytes, count / 2, at) : -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    if (!fault_of_fd("pwrite", 1, fd)) return real(fd, bytes, count, at);
    return count > 1 && fills_up() ? real(fd, bytes, count / 2, at) : -1;
}

int ftruncate64(int fd, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    return fault_of_fd("ftruncate", 1, fd) ? -1 : real(fd, length);
}

int ftruncate(int fd, off_t length) {
    REAL(int, "ftruncate", int, off_t);
    return fault_of_fd("ftruncate", 1, fd) ? -1 : real(fd, length);
}

/* ---- syncing ---- */

static void note_synced(int fd, const struct stat64 *before) {
    char path[LONG], line[LONG + 64];
    path_of(fd, path);
    if (!is_watched(path)) return;
    if (S_ISDIR(before->st_mode)) snprintf(line, sizeof line, "D %s\n", path);
    else snprintf(line, sizeof line, "S %lld %s\n", (long long)before->st_size, path);
    note(synced_file, &synced_fd, line);
}

/* The length is taken before: what another thread appends meanwhile need not be on the disk. */
static int synced(int fd, int (*real)(int), const char *call) {
    struct stat64 before;
    if (fault_of_fd(call, 0, fd)) return -1;
    int known = synced_file && fstat64(fd, &before) == 0;
    int result = real(fd);
    if (result == 0 && known) note_synced(fd, &before);
    return result;
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return synced(fd, real, "fsync");
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return synced(fd, real, "fdatasync");
}

int sync_file_range(int fd, off64_t from, off64_t length, unsigned int flags) {
    REAL(int, "sync_file_range", int, off64_t, off64_t, unsigned int);
    return fault_of_fd("sync_file_range", 0, fd) ? -1 : real(fd, from, length, flags);
}

/* ---- names ---- */

static int opened(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
    int writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
    if (fault_of_path("open", writes, path)) return -1;
    struct stat64 data;
    int fresh = synced_file && (flags & O_CREAT) && is_watched(path) && stat64(path, &data) != 0;
    int fd = real(path, flags, mode);
    if (fd >= 0 && fresh) {
        char line[LONG + 64];
        snprintf(line, sizeof line, "C %s\n", path);
        note(synced_file, &synced_fd, line);
    }
    return fd;
}

#define MODE(flags, mode) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open64(const char *path, int flags, ...) {
    REAL(int, "open64", const char *, int, ...);
    MODE(flags, mode)
    return opened(path, flags, mode, real);
}

int open(const char *path, int flags, ...) {
    REAL(int, "open", const char *, int, ...);
    MODE(flags, mode)
    return opened(path, flags, mode, real);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (fault_of_path("rename", 1, to)) return -1;
    int result = real(from, to);
    if (result == 0 && synced_file && is_watched(to)) {
        char line[2 * LONG + 64];
        snprintf(line, sizeof line, "R %s\t%s\n", from, to);
        note(synced_file, &synced_fd, line);
    }
    return result;
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (fault_of_path("unlink", 1, path)) return -1;
    int result = real(path);
    if (result == 0 && synced_file && is_watched(path)) {
        char line[LONG + 64];
        snprintf(line, sizeof line, "U %s\n", path);
        note(synced_file, &synced_fd, line);
    }
    return result;
}

int unlinkat(int dir, const char *name, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    char path[2 * LONG];
    if (rule_file && dir != AT_FDCWD) {
        path_of(dir, path);
        strncat(path, "/", 2);
        strncat(path, name, LONG - 1);
    }
    if (rule_file && fault_of_path("unlink", 1, dir == AT_FDCWD ? name : path)) return -1;
    return real(dir, name, flags);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return fault_of_path("mkdir", 1, path) ? -1 : real(path, mode);
}

int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    return fault_of_path("rmdir", 1, path) ? -1 : real(path);
}

/* ---- connections and the clock ---- */

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    REAL(int, "accept4", int, struct sockaddr *, socklen_t *, int);
    int kept = errno, error = rule_file ? fault("accept4", 0, "accept4") : 0;
    errno = error ? error : kept;
    return error ? -1 : real(fd, address, length, flags);
}

int clock_gettime(clockid_t which, struct timespec *time) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(which, time);
    char text[64];
    if (result == 0 && which == CLOCK_REALTIME && clock_file) {
        int kept = errno;
        if (slurp(clock_file, text, sizeof text)) time->tv_sec += atoll(text);
        errno = kept;
    }
    return result;
}
