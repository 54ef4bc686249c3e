/* Contents: kept once under the SHA-256 of their bytes, small ones in mail.db, large ones as files
 * <state>/mail/contents/<two hex digits>/<64 hex digits>.
 *
 * The spool is where a sender worker sets large contents aside before the writer takes them over by rename:
 * <state>/spool/<name>. Names are random; nothing from a message is in them. */
#ifndef GATEWAY_CONTENT_CONTENT_H
#define GATEWAY_CONTENT_CONTENT_H

#include "gateway/base/digest.h"
#include "gateway/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_NAME_SIZE 37

/* The open spool folder of a process. */
struct spool;
bool spool_open(const char *folder, struct spool **spool, struct error *error);
void spool_close(struct spool *spool);

/* Bytes on their way into the store: in memory up to `inline_max`, beyond that in a spool file. */
struct part;
bool part_open(struct spool *spool, size_t inline_max, struct part **part, struct error *error);
bool part_add(struct part *part, const void *bytes, size_t size, struct error *error);
/* Syncs a spool file and closes it. Afterwards the bytes are at *bytes (owned by the part) or in the file *name; the
 * other is NULL. Asked again it gives the same answer: whoever keeps many parts finishes each when its bytes have come,
 * for an unfinished one holds a descriptor and a buffer. */
bool part_finish(struct part *part, const void **bytes, const char **name, uint64_t *size, struct error *error);
/* SHA-256 of a finished part; a spooled one is read again for it, so this is for the rare and small (long layouts). */
bool part_digest(struct part *part, struct digest *digest, struct error *error);
/* Frees it; NULL is allowed; a spool file that was not handed over (part_hand_over) is removed. */
void part_close(struct part *part);
/* From now on the spool file belongs to whoever got its name. */
void part_hand_over(struct part *part);

/* Path of a content's file below the contents folder: "ab/abcd...". */
#define CONTENT_PATH_SIZE 68
void content_path(const struct digest *digest, char out[CONTENT_PATH_SIZE]);

/* A content's file, open for reading. `folder` is a descriptor of the contents folder. ERROR_STORE_CORRUPT: it is not
 * there, is no plain file, or has not the size that its row tells. */
struct content_file {
    int fd;
    uint64_t size;
};
bool content_file_open(int folder, const struct digest *digest, uint64_t size, struct content_file *file,
                       struct error *error);
/* Exactly `size` bytes from `offset` on; beyond the end is ERROR_STORE_CORRUPT. */
bool content_file_read(const struct content_file *file, uint64_t offset, void *bytes, size_t size, struct error *error);
void content_file_close(struct content_file *file);

#endif
