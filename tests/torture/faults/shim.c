/* File operations that fail on demand, whoever calls them: Python, Arrow's and DuckDB's C++.
 *
 * Loaded with LD_PRELOAD it stands before the C library's functions. It does nothing until
 * faults_arm names a folder; from then on it counts the operations below that folder, and lets the
 * n-th fail with an error, once or from then on, or ends the process there as a kill would.
 * The counters lie in memory that the caller shares with whoever waits for the process.
 *
 * A program that is started with SHIM_FOLDER and SHIM_LACKS in its environment, and all that it
 * starts, finds below that folder a file system that lacks these: `folder-sync`,
 * `soft-links`, `hard-links`, `locks`; `slow` makes each operation on names take a while.
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
static int lacks_folder_sync, lacks_links, lacks_hard_links, lacks_locks, is_slow;

__attribute__((constructor)) static void read_lacks(void)
{
    const char *below = getenv("SHIM_FOLDER"), *lacks = getenv("SHIM_LACKS");
    if (below == NULL || lacks == NULL)
        return;
    strncpy(folder, below, sizeof folder - 1);
    folder_length = strlen(folder);
    lacks_folder_sync = strstr(lacks, "folder-sync") != NULL;
    lacks_hard_links = strstr(lacks, "hard-links") != NULL;
    lacks_links = strstr(lacks, "soft-links") != NULL;
    lacks_locks = strstr(lacks, "locks") != NULL;
    is_slow = strstr(lacks, "slow") != NULL;
}

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

/* The path of an open file; whether there is one. */
static int path_of(int file, char *path, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, size - 1);
    if (length >= 0)
        path[length] = 0;
    return length >= 0;
}

/* Whether a path is below the folder; `whole` becomes the absolute one. */
static int lies_below(int at, const char *path, char *whole, size_t size)
{
    char base[4096];
    if (folder_length == 0 || path == NULL)
        return 0;
    if (path[0] == '/') {
        snprintf(whole, size, "%s", path);
    } else {
        if (at == AT_FDCWD ? getcwd(base, sizeof base) == NULL : !path_of(at, base, sizeof base))
            return 0;
        snprintf(whole, size, "%s/%s", base, path);
    }
    return is_below(whole);
}

static int fails_at(const char *what, int at, const char *path)
{
    char whole[8192];
    if ((counters == NULL && !is_slow) || !lies_below(at, path, whole, sizeof whole))
        return 0;
    if (is_slow)
        usleep(2000);
    return counters != NULL && step(what, whole);
}

static int fails(const char *what, const char *path)
{
    return fails_at(what, AT_FDCWD, path);
}

static int fails_open_file(const char *what, int file)
{
    char path[4096];
    if (counters == NULL || !path_of(file, path, sizeof path))
        return 0;
    return is_below(path) && step(what, path);
}

/* Whether the file system of a path, or of an open file, lacks what is asked of it. */
static int is_lacking(int lacks, int at, const char *path, int error)
{
    char whole[8192];
    if (!lacks || !lies_below(at, path, whole, sizeof whole))
        return 0;
    errno = error;
    return 1;
}

static int is_lacking_file(int lacks, int file, int error)
{
    char path[4096];
    if (!lacks || !path_of(file, path, sizeof path) || !is_below(path))
        return 0;
    errno = error;
    return 1;
}

static int is_folder(int file)
{
    struct stat status;
    return fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
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
    if (lacks_folder_sync && is_folder(file) && is_lacking_file(1, file, EINVAL))
        return -1;
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
    if (is_lacking(lacks_links, AT_FDCWD, path, EPERM))
        return -1;
    return fails("symlink", path) ? -1 : REAL(symlink)(to, path);
}

int symlinkat(const char *to, int at, const char *path)
{
    return is_lacking(lacks_links, at, path, EPERM) ? -1 : REAL(symlinkat)(to, at, path);
}

int link(const char *old, const char *new)
{
    return is_lacking(lacks_hard_links, AT_FDCWD, new, EPERM) ? -1 : REAL(link)(old, new);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
    if (is_lacking(lacks_hard_links, to, new, EPERM))
        return -1;
    return REAL(linkat)(from, old, to, new, flags);
}

int flock(int file, int operation)
{
    if (is_lacking_file(lacks_locks, file, ENOLCK))
        return -1;
    return fails_open_file("lock", file) ? -1 : REAL(flock)(file, operation);
}

/* Of these the commands that lock; the others have whatever argument they have. */
#define FCNTL(name)                                                                                \
    int name(int file, int command, ...)                                                           \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, command);                                                                   \
        void *argument = va_arg(rest, void *);                                                     \
        va_end(rest);                                                                              \
        int locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||         \
                    command == F_OFD_SETLKW;                                                       \
        if (locks && is_lacking_file(lacks_locks, file, ENOLCK))                                   \
            return -1;                                                                             \
        return REAL(name)(file, command, argument);                                                \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

/* Looking at a name is slow too; it is not counted. */
#define STAT(name, status_type)                                                                    \
    int name(const char *path, struct status_type *status)                                         \
    {                                                                                              \
        if (is_slow && is_lacking(1, AT_FDCWD, path, errno))                                       \
            usleep(2000);                                                                          \
        return REAL(name)(path, status);                                                           \
    }
STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)
