/* A disk that is full, or broken. What the kernel would say is said here: SQLite and the store find these functions before
 * the C library's, and a test switches them in memory that it shares with the writer. */
#include "fixture.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <sqlite3.h>

#define PATIENCE_MS 8000 /* what failed is tried again about a second later */
#define REFUSED_MS 2500
#define MOST_LETTERS 20 /* until the log is so long that it has to be moved */

Suite *suite_disk(void);

static struct disk {
    volatile int write_fails; /* errno of a write into a database, its log left out; 0: none */
    volatile int sync_fails;  /* errno of each sync */
    volatile int list_fails;  /* errno of reading the end of a folder */
    volatile int chmod_fails; /* errno of changing a mode by name */
    char synced[8000];        /* the paths, a line each */
} * disk;                     /* NULL: as it is */

static const char *path_of(int fd)
{
    static char path[PATH_MAX];
    char link[40];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);

    path[length > 0 ? length : 0] = '\0';
    return path;
}

static bool is_database(int fd)
{
    const char *end = strrchr(path_of(fd), '.');

    return end && strcmp(end, ".db") == 0;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    if (!disk || !disk->write_fails || !is_database(fd))
        return syscall(SYS_pwrite64, fd, bytes, size, at);
    errno = disk->write_fails;
    return -1;
}

static int sync_or_fail(long call, int fd)
{
    if (disk && disk->sync_fails) {
        errno = disk->sync_fails;
        return -1;
    }
    if (disk) {
        size_t at = strlen(disk->synced);

        snprintf(disk->synced + at, sizeof disk->synced - at, "%s\n", path_of(fd));
    }
    return (int)syscall(call, fd);
}

int fsync(int fd)
{
    return sync_or_fail(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_or_fail(SYS_fdatasync, fd);
}

struct dirent *readdir(DIR *entries)
{
    struct dirent *(*real)(DIR *);
    void *found = dlsym(RTLD_NEXT, "readdir");

    memcpy(&real, &found, sizeof real);
    struct dirent *entry = real(entries);

    if (!entry && disk && disk->list_fails)
        errno = disk->list_fails;
    return entry;
}

int chmod(const char *path, mode_t mode)
{
    if (!disk || !disk->chmod_fails)
        return fchmodat(AT_FDCWD, path, mode, 0);
    errno = disk->chmod_fails;
    return -1;
}

/* ---- a writer on such a disk ---- */

struct office {
    struct fixture fixture;
    struct store *sender;
    unsigned sent;
    char told[100]; /* what the writer logged */
};

static void office_open(struct office *office)
{
    int standard_error = dup(STDERR_FILENO);

    memset(office, 0, sizeof *office);
    disk = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(disk, MAP_FAILED);
    fixture_open(&office->fixture);
    office->fixture.config.wal_checkpoint = 64u << 10;
    snprintf(office->told, sizeof office->told, "%s/told", office->fixture.folder);
    int told = open(office->told, O_WRONLY | O_CREAT | O_EXCL, 0600);

    ck_assert_int_eq(dup2(told, STDERR_FILENO), STDERR_FILENO);
    fixture_start(&office->fixture);
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    close(told);
    office->sender = fixture_store(&office->fixture, 0);
}

static void office_close(struct office *office)
{
    store_close(office->sender);
    fixture_close(&office->fixture);
}

/* One letter more; what the writer said to it, ERROR_NONE when it was taken. */
static enum error_code send_one(struct office *office)
{
    struct letter letter;
    struct acceptance acceptance;
    struct error error;

    letter_make(&letter, office->sent + 1);
    if (!letter_send(office->sender, &letter, &acceptance, &error))
        return error.code;
    office->sent++;
    return ERROR_NONE;
}

static enum error_code send_until_refused(struct office *office)
{
    enum error_code code = ERROR_NONE;

    for (int i = 0; i < MOST_LETTERS && code == ERROR_NONE; i++)
        code = send_one(office);
    return code;
}

static long lines_told(const struct office *office, const char *what)
{
    char command[300], line[20] = "-1";

    snprintf(command, sizeof command, "grep -c '%s' %s", what, office->told);
    FILE *pipe = popen(command, "r");

    ck_assert_ptr_nonnull(pipe);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, pipe));
    pclose(pipe);
    return atol(line);
}

static void receipt_is_deleted(struct office *office, unsigned number)
{
    struct store *receiver = fixture_store(&office->fixture, 6);
    struct uuid system = uuid_of(1, 1), receipt = uuid_of(7, number);
    struct error error = {0};

    ck_assert_msg(receipts_delete(receiver, &system, &receipt, time_now(), &error), "%s", error.detail);
    store_close(receiver);
}

static uint64_t findings_of(struct office *office)
{
    struct store *reader = fixture_store(&office->fixture, 7);
    struct error error = {0};
    uint64_t findings = UINT64_MAX;

    ck_assert_msg(store_verify(reader, letter_restore, NULL, NULL, NULL, &findings, &error), "%s", error.detail);
    store_close(reader);
    return findings;
}

START_TEST(where_a_log_cannot_be_moved_for_want_of_room_mail_waits_until_it_can)
{
    struct office office;

    office_open(&office);
    disk->write_fails = ENOSPC;
    ck_assert_int_eq(send_until_refused(&office), ERROR_STORE_FULL);
    for (int64_t end = time_monotonic() + REFUSED_MS; time_monotonic() < end; usleep(100000))
        ck_assert_int_eq(send_one(&office), ERROR_STORE_FULL);
    receipt_is_deleted(&office, 1);
    ck_assert_int_eq(lines_told(&office, "no room to move the log"), 1);
    disk->write_fails = 0;
    int64_t end = time_monotonic() + PATIENCE_MS;

    while (send_one(&office) != ERROR_NONE && time_monotonic() < end)
        usleep(100000);
    ck_assert_int_lt(time_monotonic(), end);
    ck_assert_int_eq(ask_mail(&office.fixture, "SELECT count(*) FROM message"), office.sent);
    ck_assert_uint_eq(findings_of(&office), 0);
    office_close(&office);
}
END_TEST

START_TEST(where_a_log_cannot_be_moved_for_the_disk_is_broken_the_writer_ends)
{
    struct office office;
    int status;

    office_open(&office);
    office.fixture.config.change_timeout_ms = 1000;
    disk->write_fails = EIO;
    ck_assert_int_eq(send_until_refused(&office), ERROR_STORE_UNSURE);
    ck_assert_int_eq(waitpid(office.fixture.writer, &status, 0), office.fixture.writer);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    office.fixture.writer = 0;
    office_close(&office);
}
END_TEST

/* ---- a writer that opens on such a disk ---- */

/* A log that nobody moved: its writer was killed at once. Who reads is away: SQLite lets a process open a database either
 * for reading alone or for writing. */
static void leave_log(struct office *office)
{
    office_open(office);
    ck_assert_int_eq(send_one(office), ERROR_NONE);
    store_close(office->sender);
    office->sender = NULL;
    fixture_end(&office->fixture, SIGKILL);
}

START_TEST(a_disk_that_fails_while_the_writer_opens_is_told_from_one_that_is_full)
{
    struct office office;

    leave_log(&office);
    disk->write_fails = ENOSPC;
    ck_assert_int_eq(fixture_reopen(&office.fixture), ERROR_STORE_FULL);
    disk->write_fails = EIO;
    ck_assert_int_eq(fixture_reopen(&office.fixture), ERROR_STORE_FAILED);
    disk->write_fails = 0;
    disk->sync_fails = EIO;
    ck_assert_int_eq(fixture_reopen(&office.fixture), ERROR_STORE_FAILED);
    disk->sync_fails = 0;
    ck_assert_int_eq(fixture_reopen(&office.fixture), ERROR_NONE);
    ck_assert_int_eq(ask_mail(&office.fixture, "SELECT count(*) FROM message"), 1);
    office_close(&office);
}
END_TEST

static bool was_synced(const struct office *office, const char *below)
{
    char line[200];

    snprintf(line, sizeof line, "%s%s\n", office->fixture.folder, below);
    return strstr(disk->synced, line);
}

START_TEST(the_names_of_what_is_there_are_on_disk_before_anything_is_promised_below_them)
{
    struct office office;

    leave_log(&office);
    disk->synced[0] = '\0';
    ck_assert_int_eq(fixture_reopen(&office.fixture), ERROR_NONE);
    ck_assert(was_synced(&office, ""));
    ck_assert(was_synced(&office, "/registry"));
    ck_assert(was_synced(&office, "/mail"));
    ck_assert(was_synced(&office, "/mail/contents"));
    office_close(&office);
}
END_TEST

/* A view that sees no log, for there was none yet: it keeps every checkpoint from moving one. */
static sqlite3 *view_without_log(const struct office *office)
{
    sqlite3 *view;
    char path[200];

    snprintf(path, sizeof path, "%s/mail/mail.db", office->fixture.folder);
    ck_assert_int_eq(sqlite3_open_v2(path, &view, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(view, "BEGIN; SELECT * FROM counter", NULL, NULL, NULL), SQLITE_OK);
    return view;
}

START_TEST(a_log_that_a_reader_keeps_from_being_moved_is_synced_before_it_is_read)
{
    struct office office;

    office_open(&office);
    sqlite3 *view = view_without_log(&office);

    ck_assert_int_eq(send_one(&office), ERROR_NONE);
    store_close(office.sender);
    office.sender = NULL;
    fixture_end(&office.fixture, SIGKILL);
    disk->synced[0] = '\0';
    ck_assert_int_eq(fixture_reopen(&office.fixture), ERROR_NONE);
    ck_assert(was_synced(&office, "/mail/mail.db-wal"));
    sqlite3_close(view);
    office_close(&office);
}
END_TEST

/* ---- a backup from or to such a disk ---- */

static enum error_code back_up(struct office *office)
{
    struct store *control;
    struct error error = {0};
    char target[100];

    snprintf(target, sizeof target, "%s/copy", office->fixture.folder);
    ck_assert(store_open_control(&office->fixture.config, &control, &error));
    bool done = store_backup(control, target, NULL, NULL, &error);

    store_close(control);
    ck_assert_int_eq(done, access(target, F_OK) == 0);
    return error.code;
}

START_TEST(a_backup_that_could_not_list_or_change_a_file_is_none)
{
    struct office office;

    office_open(&office);
    ck_assert_int_eq(send_one(&office), ERROR_NONE);
    disk->list_fails = EIO;
    ck_assert_int_eq(back_up(&office), ERROR_UNAVAILABLE);
    disk->list_fails = 0;
    disk->chmod_fails = EPERM;
    ck_assert_int_eq(back_up(&office), ERROR_UNAVAILABLE);
    disk->chmod_fails = 0;
    ck_assert_int_eq(back_up(&office), ERROR_NONE);
    office_close(&office);
}
END_TEST

Suite *suite_disk(void)
{
    Suite *suite = suite_create("disk");
    TCase *tests = tcase_create("disk");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, where_a_log_cannot_be_moved_for_want_of_room_mail_waits_until_it_can);
    tcase_add_test(tests, where_a_log_cannot_be_moved_for_the_disk_is_broken_the_writer_ends);
    tcase_add_test(tests, a_disk_that_fails_while_the_writer_opens_is_told_from_one_that_is_full);
    tcase_add_test(tests, the_names_of_what_is_there_are_on_disk_before_anything_is_promised_below_them);
    tcase_add_test(tests, a_log_that_a_reader_keeps_from_being_moved_is_synced_before_it_is_read);
    tcase_add_test(tests, a_backup_that_could_not_list_or_change_a_file_is_none);
    suite_add_tcase(suite, tests);
    return suite;
}
