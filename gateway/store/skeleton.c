/* A letter's skeleton as the store keeps it: an LZ4 frame, which tells how long the XML is and has check sums of its
 * blocks (one of the XML would take half as long again as the packing). Nine tenths of a skeleton are tags, so a third
 * of its pages are left, in the log, in the database and in a backup, for some 15 us of the worker that took the letter
 * in.
 *
 * Older builds kept the XML as it is. Neither is taken for the other: XML begins with a "<", a blank or a byte order mark,
 * and a frame with none of them. */
#include "gateway/store/store_impl.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#define PIECE ((size_t)64 * 1024)
#define XML_MAX ((size_t)16 * 1024 * 1024) /* more than any setting lets in */

static const unsigned char magic[] = {0x04, 0x22, 0x4d, 0x18}; /* of the LZ4 frame format */

struct skeleton_reader {
    LZ4F_dctx *context;
    char piece[PIECE];
};

void skeleton_pack(struct packer *packer, const char *xml, size_t size)
{
    const LZ4F_preferences_t wanted = {
        .frameInfo = {.contentSize = size, .blockChecksumFlag = LZ4F_blockChecksumEnabled},
    };
    size_t room = LZ4F_compressFrameBound(size, &wanted), length = 0;
    char *frame = xml ? malloc(room) : NULL; /* not of the request's arena, which has to last for the answer */

    if (frame)
        length = LZ4F_compressFrame(frame, room, xml, size, &wanted);
    if (frame && !LZ4F_isError(length))
        pack_bytes(packer, frame, length);
    else
        pack_bytes(packer, xml, size);
    free(frame);
}

struct skeleton_reader *skeleton_reader_open(void)
{
    struct skeleton_reader *reader = calloc(1, sizeof *reader);

    if (reader && !LZ4F_isError(LZ4F_createDecompressionContext(&reader->context, LZ4F_VERSION)))
        return reader;
    free(reader);
    return NULL;
}

void skeleton_reader_close(struct skeleton_reader *reader)
{
    if (reader)
        LZ4F_freeDecompressionContext(reader->context);
    free(reader);
}

static bool read_frame(struct skeleton_reader *reader, const char *bytes, size_t size, struct buffer *xml)
{
    size_t wanted = 1;

    LZ4F_resetDecompressionContext(reader->context);
    while (wanted) {
        size_t made = PIECE, used = size;

        wanted = LZ4F_decompress(reader->context, reader->piece, &made, bytes, &used, NULL);
        if (LZ4F_isError(wanted) || (wanted && !made && !used) || !buffer_add(xml, reader->piece, made))
            return false;
        bytes += used;
        size -= used;
    }
    return size == 0;
}

bool skeleton_read(struct skeleton_reader *reader, const void *bytes, size_t size, struct buffer *xml)
{
    buffer_clear(xml);
    xml->limit = XML_MAX;
    if (size < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return buffer_add(xml, bytes, size);
    return read_frame(reader, bytes, size, xml);
}
