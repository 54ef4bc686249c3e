#include "gateway/identity/identity.h"

#include <ctype.h>
#include <string.h>

#include <arpa/inet.h>

#include "gateway/base/text.h"

#define ADDRESS_BITS 128u
#define ENTRY_SIZE (INET6_ADDRSTRLEN + 4) /* an address and "/128" */

/* Every address as IPv6, so that a mapped one and its IPv4 form are the same. */
struct address {
    unsigned char bytes[16];
};

/* `offset` is how many bits come before those that a prefix length counts. */
static bool address_parse(const char *text, struct address *address, unsigned *offset)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    *offset = 0;
    if (inet_pton(AF_INET6, text, address->bytes) == 1)
        return true;
    *offset = sizeof mapped * 8;
    memcpy(address->bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, address->bytes + sizeof mapped) == 1;
}

static bool same_prefix(const struct address *a, const struct address *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(a->bytes, b->bytes, whole) == 0
           && (rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0);
}

/* An address or a block, NUL-terminated, without blanks. */
static bool entry_matches(char *entry, const struct address *address)
{
    char *slash = strchr(entry, '/');
    uint64_t bits = ADDRESS_BITS;
    struct address block;
    unsigned offset;

    if (slash)
        *slash = '\0';
    if (!address_parse(entry, &block, &offset))
        return false;
    if (slash) {
        if (!text_to_number(slash + 1, ADDRESS_BITS - offset, &bits))
            return false;
        bits += offset;
    }
    return same_prefix(&block, address, (unsigned)bits);
}

/* The next entry of the list without blanks around it; empty where there is none, or one longer than any address. */
static const char *entry_take(const char *list, char entry[ENTRY_SIZE])
{
    size_t length = strcspn(list, ","), first = strspn(list, " \t"), last = length;

    while (last > first && isblank((unsigned char)list[last - 1]))
        last--;
    size_t size = first < last && last - first < ENTRY_SIZE ? last - first : 0;

    memcpy(entry, list + first, size);
    entry[size] = '\0';
    return list + length + (list[length] == ',');
}

bool address_allowed(const char *address, const char *list)
{
    char entry[ENTRY_SIZE];
    struct address caller;
    unsigned offset;

    if (!address || !list || !address_parse(address, &caller, &offset))
        return false;
    while (*list) {
        list = entry_take(list, entry);
        if (entry_matches(entry, &caller))
            return true;
    }
    return false;
}
