#include "tests/lib/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum piece_kind { PIECE_TEXT, PIECE_UUID, PIECE_PAD };

struct piece {
    enum piece_kind kind;
    const char *text;
    uint64_t size;
};

#define PIECES_MAX 64

struct template
{
    char *text;
    struct piece pieces[PIECES_MAX];
    size_t count;
    uint64_t size, pad;
};

#define UUID_LENGTH (UUID_TEXT_SIZE - 1)
#define UUID_BASE64 48 /* 36 bytes in base64 */
#define PAD_LEAST 39   /* the UUID and a last group */

static const char pad_before[] =
    "<memo:AdditionalDocument><memo:additionalDocumentID>PAD-1</memo:additionalDocumentID>"
    "<memo:label>Bilag</memo:label><memo:File><memo:encodingFormat>text/plain</memo:encodingFormat>"
    "<memo:filename>bilag.txt</memo:filename><memo:language>da</memo:language><memo:content>";
static const char pad_after[] = "</memo:content></memo:File></memo:AdditionalDocument>";

static char *read_file(const char *file)
{
    FILE *in = fopen(file, "r");
    char *text = NULL;
    size_t size = 0;

    if (!in || getdelim(&text, &size, '\0', in) < 0) {
        free(text);
        text = NULL;
    }
    if (in)
        fclose(in);
    return text;
}

static void piece_add(struct template *t, enum piece_kind kind, const char *text, uint64_t size)
{
    if (size == 0 || t->count == PIECES_MAX)
        return;
    t->pieces[t->count++] = (struct piece){kind, text, size};
    t->size += size;
}

/* Writes the day over its markers: both have other lengths, so the text is moved up. */
static void fill_day(char *text, const char *day)
{
    char *at;

    while ((at = strstr(text, "@DAY@"))) {
        memmove(at + strlen(day), at + strlen("@DAY@"), strlen(at + strlen("@DAY@")) + 1);
        memcpy(at, day, strlen(day));
    }
}

/* Cuts `text` at @UUID@ into pieces. */
static void cut(struct template *t, const char *text, size_t size)
{
    const char *end = text + size;

    while (text < end) {
        const char *at = memmem(text, (size_t)(end - text), "@UUID@", 6);

        piece_add(t, PIECE_TEXT, text, (uint64_t)((at ? at : end) - text));
        if (!at)
            return;
        piece_add(t, PIECE_UUID, NULL, UUID_LENGTH);
        text = at + 6;
    }
}

/* The documents of a letter stand in the order main, additional, technical. */
static const char *pad_place(const char *text)
{
    const char *at = strstr(text, "<memo:TechnicalDocument");

    return at ? at : strstr(text, "</memo:MessageBody>");
}

static bool cut_with_pad(struct template *t, uint64_t pad)
{
    const char *place = pad_place(t->text);

    if (!place || pad < PAD_LEAST)
        return false;
    t->pad = pad;
    cut(t, t->text, (size_t)(place - t->text));
    piece_add(t, PIECE_TEXT, pad_before, strlen(pad_before));
    piece_add(t, PIECE_PAD, NULL, (pad + 2) / 3 * 4);
    piece_add(t, PIECE_TEXT, pad_after, strlen(pad_after));
    cut(t, place, strlen(place));
    return t->count < PIECES_MAX;
}

struct template *template_open(const char *file, const char *day, uint64_t pad)
{
    struct template *t = calloc(1, sizeof(*t));
    char *text = t ? read_file(file) : NULL;

    if (!text) {
        free(t);
        return NULL;
    }
    t->text = calloc(1, 3 * strlen(text) + 1);
    if (t->text) {
        memcpy(t->text, text, strlen(text));
        fill_day(t->text, day);
        if (pad == 0)
            cut(t, t->text, strlen(t->text));
    }
    free(text);
    if (!t->text || (pad > 0 && !cut_with_pad(t, pad))) {
        template_close(t);
        return NULL;
    }
    return t;
}

void template_close(struct template *t)
{
    if (!t)
        return;
    free(t->text);
    free(t);
}

bool letter_new(struct letter *letter, const struct template *t)
{
    struct uuid uuid;

    *letter = (struct letter){.template = t};
    if (!uuid_random(&uuid))
        return false;
    uuid_format(&uuid, letter->uuid);
    return true;
}

void letter_rewind(struct letter *letter)
{
    letter->piece = 0;
    letter->offset = 0;
}

uint64_t letter_size(const struct letter *letter)
{
    return letter->template->size;
}

/* The pad's base64: the letter's UUID, so that no two contents are equal, then NUL bytes. */
static void pad_read(const struct letter *letter, uint64_t offset, char *out, size_t size)
{
    uint64_t whole = letter->template->pad, text = (whole + 2) / 3 * 4, equals = text - (3 - whole % 3) % 3;
    char head[UUID_BASE64 + 1];

    EVP_EncodeBlock((unsigned char *)head, (const unsigned char *)letter->uuid, UUID_LENGTH);
    memset(out, 'A', size);
    for (uint64_t at = offset > equals ? offset : equals; at < offset + size; at++)
        out[at - offset] = '=';
    if (offset < UUID_BASE64) {
        size_t part = UUID_BASE64 - (size_t)offset;

        memcpy(out, head + offset, part < size ? part : size);
    }
}

size_t letter_read(struct letter *letter, char *out, size_t room)
{
    size_t done = 0;

    while (done < room && letter->piece < letter->template->count) {
        const struct piece *piece = &letter->template->pieces[letter->piece];
        uint64_t left = piece->size - letter->offset;
        size_t part = left < room - done ? (size_t)left : room - done;

        if (piece->kind == PIECE_PAD)
            pad_read(letter, letter->offset, out + done, part);
        else
            memcpy(out + done, (piece->kind == PIECE_UUID ? letter->uuid : piece->text) + letter->offset, part);
        done += part;
        letter->offset += part;
        if (letter->offset == piece->size) {
            letter->piece++;
            letter->offset = 0;
        }
    }
    return done;
}

bool letter_digest(struct letter *letter, struct digest *digest)
{
    char bytes[32768];
    struct digest_stream *stream = digest_open();
    bool good = stream && digest_start(stream);
    size_t size;

    letter_rewind(letter);
    while (good && (size = letter_read(letter, bytes, sizeof(bytes))) > 0)
        good = digest_add(stream, bytes, size);
    good = good && digest_finish(stream, digest);
    if (stream)
        digest_close(stream);
    letter_rewind(letter);
    return good;
}
