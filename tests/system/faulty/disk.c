/* A disk that fails, and one that forgets: stands between a program (LD_PRELOAD) and the C library, for the files under
   the folder $FAULTY_UNDER.

   Failing: disk_arm(n, error) has the n-th call from now on that changes a file fail with that error, and with `lasting`
   all after it too. disk_calls() counts such calls since it was armed.

   Read-only: while the file $FAULTY_READ_ONLY is there, each of them fails with EROFS.

   Forgetting: with $FAULTY_SYNCED set, each fsync copies the file as it then is to that folder. What a file has more when
   the program is killed, a power cut may have lost. With $FAULTY_LIES set too, fsync says that it is done and does
   nothing, as some disks do.

   Counting: each fsync of the database or its log adds a byte to the file $FAULTY_COUNTED. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long armed_at, calls, lasting;
static int error_number;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void disk_arm(long n, int error, long lasts) {
    pthread_mutex_lock(&lock);
    armed_at = n, error_number = error, lasting = lasts, calls = 0;
    pthread_mutex_unlock(&lock);
}

long disk_calls(void) { return calls; }

/* The file's path below the folder, or NULL if it lies elsewhere. */
static const char *ours(int fd, char *path) {
    const char *under = getenv("FAULTY_UNDER");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (!under || length <= 0) return NULL;
    path[length] = 0;
    size_t prefix = strlen(under);
    return strncmp(path, under, prefix) == 0 && path[prefix] == '/' ? path + prefix + 1 : NULL;
}

/* Whether this call has to fail; sets errno. */
static int fails(int fd) {
    char path[PATH_MAX];
    const char *name = ours(fd, path);
    if (!name || strstr(name, "-shm")) return 0;  /* which is memory that SQLite shares, and makes anew */
    const char *read_only = getenv("FAULTY_READ_ONLY");
    if (read_only && access(read_only, F_OK) == 0) {
        errno = EROFS;
        return 1;
    }
    pthread_mutex_lock(&lock);
    calls++;
    int now = armed_at && (calls == armed_at || (lasting && calls > armed_at));
    pthread_mutex_unlock(&lock);
    if (now) errno = error_number;
    return now;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) { return fails(fd) ? -1 : REAL(write)(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return fails(fd) ? -1 : REAL(pwrite)(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return fails(fd) ? -1 : REAL(pwrite64)(fd, data, size, at); }
int ftruncate(int fd, off_t size) { return fails(fd) ? -1 : REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, size); }

/* Keep the file as it is now: this much has reached the disk. */
static void keep(int fd) {
    char path[PATH_MAX], draft[2 * PATH_MAX], kept[2 * PATH_MAX], buffer[65536];
    const char *synced = getenv("FAULTY_SYNCED"), *name = ours(fd, path);
    struct stat about;
    if (!synced || !name || strchr(name, '/') || getenv("FAULTY_LIES") || fstat(fd, &about) || !S_ISREG(about.st_mode)) return;
    snprintf(draft, sizeof draft, "%s/.%s.%d", synced, name, fd);
    snprintf(kept, sizeof kept, "%s/%s", synced, name);
    int out = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600), in = open(path, O_RDONLY);
    ssize_t got;
    while ((got = read(in, buffer, sizeof buffer)) > 0) REAL(write)(out, buffer, got);
    close(in);
    close(out);
    rename(draft, kept);
}

static void count(int fd) {
    char path[PATH_MAX];
    const char *counted = getenv("FAULTY_COUNTED"), *name = ours(fd, path);
    if (!counted || !name || strncmp(name, "structura.db", 12)) return;
    int out = open(counted, O_WRONLY | O_CREAT | O_APPEND, 0600);
    REAL(write)(out, ".", 1);
    close(out);
}

int fsync(int fd) {
    if (fails(fd)) return -1;
    count(fd);
    int result = getenv("FAULTY_SYNCED") ? 0 : REAL(fsync)(fd);
    keep(fd);
    return result;
}

int fdatasync(int fd) {
    if (fails(fd)) return -1;
    count(fd);
    int result = getenv("FAULTY_SYNCED") ? 0 : REAL(fdatasync)(fd);
    keep(fd);
    return result;
}
