/* File operations that fail on demand, whoever calls them: Python, Arrow's and DuckDB's C++.
 *
 * Loaded with LD_PRELOAD it stands before the C library's functions. It does nothing until
 * faults_arm names a folder; from then on it counts the operations below that folder, and lets the
 * n-th fail with an error, once or from then on, or ends the process there as a kill would.
 * The counters lie in memory that the caller shares with whoever waits for the process.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ONCE, FOR_EVER, KILL };

struct counters {
    atomic_long count;  /* operations so far */
    atomic_long failed; /* of these, how many failed */
    char last[512];     /* the newest that failed */
};

static struct counters *counters;
static char folder[4096];
static size_t folder_length;
static long nth;
static int how, error_number;

void faults_arm(struct counters *shared, const char *below, long n, int mode, int error)
{
    strncpy(folder, below, sizeof folder - 1);
    folder_length = strlen(folder);
    nth = n, how = mode, error_number = error;
    counters = shared;
}

static int is_below(const char *path)
{
    return strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == 0);
}

/* Count an operation; whether it is to fail. */
static int step(const char *what, const char *path)
{
    long number = atomic_fetch_add(&counters->count, 1) + 1;
    if (nth == 0 || number < nth || (number > nth && how != FOR_EVER))
        return 0;
    snprintf(counters->last, sizeof counters->last, "%s %s", what, path);
    atomic_fetch_add(&counters->failed, 1);
    if (how == KILL)
        kill(getpid(), SIGKILL);
    errno = error_number;
    return 1;
}

static int fails_at(const char *what, int at, const char *path)
{
    char whole[8192], base[4096];
    if (counters == NULL || path == NULL)
        return 0;
    if (path[0] == '/')
        return is_below(path) && step(what, path);
    if (at == AT_FDCWD) {
        if (getcwd(base, sizeof base) == NULL)
            return 0;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0)
            return 0;
        base[length] = 0;
    }
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    return is_below(whole) && step(what, whole);
}

static int fails(const char *what, const char *path)
{
    return fails_at(what, AT_FDCWD, path);
}

static int fails_open_file(const char *what, int file)
{
    char link[64], path[4096];
    if (counters == NULL)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_below(path) && step(what, path);
}

#define REAL(name)                                                                                 \
    ({                                                                                             \
        static __typeof__(&name) found;                                                            \
        if (found == NULL)                                                                         \
            found = (__typeof__(&name))real(#name);                                                \
        found;                                                                                     \
    })

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;                  \
        va_end(rest);                                                                              \
        return fails("open", path) ? -1 : REAL(name)(path, flags, mode);                           \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    int name(int at, const char *path, int flags, ...)                                             \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;                  \
        va_end(rest);                                                                              \
        return fails_at("open", at, path) ? -1 : REAL(name)(at, path, flags, mode);                \
    }
OPENAT(openat)
OPENAT(openat64)

FILE *fopen(const char *path, const char *mode)
{
    return fails("open", path) ? NULL : REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return fails("open", path) ? NULL : REAL(fopen64)(path, mode);
}

DIR *opendir(const char *path)
{
    return fails("list", path) ? NULL : REAL(opendir)(path);
}

ssize_t read(int file, void *buffer, size_t size)
{
    return fails_open_file("read", file) ? -1 : REAL(read)(file, buffer, size);
}

#define PREAD(name, offset_type)                                                                   \
    ssize_t name(int file, void *buffer, size_t size, offset_type where)                           \
    {                                                                                              \
        return fails_open_file("read", file) ? -1 : REAL(name)(file, buffer, size, where);         \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

/* A write that fails has written half, as on a disk that became full. */
ssize_t write(int file, const void *buffer, size_t size)
{
    if (fails_open_file("write", file)) {
        REAL(write)(file, buffer, size / 2);
        errno = error_number;
        return -1;
    }
    return REAL(write)(file, buffer, size);
}

#define PWRITE(name, offset_type)                                                                  \
    ssize_t name(int file, const void *buffer, size_t size, offset_type where)                     \
    {                                                                                              \
        if (fails_open_file("write", file)) {                                                      \
            REAL(name)(file, buffer, size / 2, where);                                             \
            errno = error_number;                                                                  \
            return -1;                                                                             \
        }                                                                                          \
        return REAL(name)(file, buffer, size, where);                                              \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int file, const struct iovec *pieces, int count)
{
    return fails_open_file("write", file) ? -1 : REAL(writev)(file, pieces, count);
}

int fsync(int file)
{
    return fails_open_file("fsync", file) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file)
{
    return fails_open_file("fsync", file) ? -1 : REAL(fdatasync)(file);
}

int ftruncate(int file, off_t size)
{
    return fails_open_file("truncate", file) ? -1 : REAL(ftruncate)(file, size);
}

int ftruncate64(int file, off64_t size)
{
    return fails_open_file("truncate", file) ? -1 : REAL(ftruncate64)(file, size);
}

/* These answer with the error's number. */
int posix_fallocate(int file, off_t where, off_t size)
{
    return fails_open_file("allocate", file) ? error_number
                                             : REAL(posix_fallocate)(file, where, size);
}

int posix_fallocate64(int file, off64_t where, off64_t size)
{
    return fails_open_file("allocate", file) ? error_number
                                             : REAL(posix_fallocate64)(file, where, size);
}

int fallocate(int file, int mode, off_t where, off_t size)
{
    return fails_open_file("allocate", file) ? -1 : REAL(fallocate)(file, mode, where, size);
}

int rename(const char *old, const char *new)
{
    return fails("rename", new) ? -1 : REAL(rename)(old, new);
}

int renameat(int from, const char *old, int to, const char *new)
{
    return fails_at("rename", to, new) ? -1 : REAL(renameat)(from, old, to, new);
}

int unlink(const char *path)
{
    return fails("unlink", path) ? -1 : REAL(unlink)(path);
}

int unlinkat(int at, const char *path, int flags)
{
    return fails_at("unlink", at, path) ? -1 : REAL(unlinkat)(at, path, flags);
}

int remove(const char *path)
{
    return fails("unlink", path) ? -1 : REAL(remove)(path);
}

int mkdir(const char *path, mode_t mode)
{
    return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}

int rmdir(const char *path)
{
    return fails("rmdir", path) ? -1 : REAL(rmdir)(path);
}

int symlink(const char *to, const char *path)
{
    return fails("symlink", path) ? -1 : REAL(symlink)(to, path);
}

int flock(int file, int operation)
{
    return fails_open_file("lock", file) ? -1 : REAL(flock)(file, operation);
}
