/* What a finding tells beyond its code, in Danish. The English sentence is what everything else passes on; its counterpart
 * is found where the finding is made. */
#include "schema/memo_impl.h"

#include <string.h>

static const struct sentence {
    const char *english, *danish;
} sentences[] = {
    /* of the schemas */
    {"The schema knows no such element here.", "Skemaet kender ikke et sådant element her."},
    {"The element is not expected here, or one is missing in it.",
     "Elementet er ikke ventet her, eller der mangler et i det."},
    {"The element must be empty.", "Elementet skal være tomt."},
    {"The element takes text only, no elements.", "Elementet må kun indeholde tekst, ikke elementer."},
    {"The element takes elements only, no text.", "Elementet må kun indeholde elementer, ikke tekst."},
    {"The attribute is not allowed here.", "Attributten er ikke tilladt her."},
    {"A required attribute is missing.", "En påkrævet attribut mangler."},
    {"The attribute xsi:nil is not allowed here.", "Attributten xsi:nil er ikke tilladt her."},
    {"The type in xsi:type is no name.", "Typen i xsi:type er ikke et navn."},
    {"The type in xsi:type is not known.", "Typen i xsi:type er ikke kendt."},
    {"The type in xsi:type does not fit the element.", "Typen i xsi:type passer ikke til elementet."},
    {"The value does not have the length its type requires.", "Værdien har ikke den længde, som dens type kræver."},
    {"The value is shorter than its type allows.", "Værdien er kortere, end dens type tillader."},
    {"The value is longer than its type allows.", "Værdien er længere, end dens type tillader."},
    {"The number is larger than its type allows.", "Tallet er større, end dets type tillader."},
    {"The value does not fit the pattern of its type.", "Værdien passer ikke til mønsteret for dens type."},
    {"The value is not one of the list.", "Værdien er ikke en af dem på listen."},
    {"The value is not of its type.", "Værdien er ikke af den rette type."},
    {DETAIL_BASE64, "Teksten er ikke base64 fra denne linje."},
    /* of XML itself */
    {"An end tag does not match its start tag.", "Et sluttag passer ikke til sit starttag."},
    {"A tag, or the document, ends too early.", "Et tag, eller dokumentet, slutter for tidligt."},
    {DETAIL_ENDS_EARLY, "Dokumentet slutter for tidligt."},
    {"The document ends too early, or something follows its end.",
     "Dokumentet slutter for tidligt, eller der følger noget efter dets slutning."},
    {"The document does not begin with a tag.", "Dokumentet begynder ikke med et tag."},
    {"An attribute stands twice in one tag.", "En attribut står to gange i samme tag."},
    {"A prefix is not declared.", "Et præfiks er ikke erklæret."},
    {"Only the five predefined entities are known.", "Kun de fem foruddefinerede entiteter er kendt."},
    {"A character is not allowed in XML.", "Et tegn er ikke tilladt i XML."},
    {"A character reference is not allowed in XML.", "En tegnreference er ikke tilladt i XML."},
    {"A name is missing.", "Et navn mangler."},
    {"A > is missing.", "Et > mangler."},
    {"An attribute has no value.", "En attribut har ingen værdi."},
    {"]]> is not allowed in text.", "]]> er ikke tilladt i tekst."},
    {"-- is not allowed in a comment.", "-- er ikke tilladt i en kommentar."},
    /* of limits */
    {DETAIL_FIELDS_NO_ROOM, "Felterne kan ikke være i hukommelsen."},
    {DETAIL_DOCUMENT_NO_ROOM, "Dokumentet kan ikke være i hukommelsen."},
};

/* Before the names of elements, which are the same in both. */
static const struct sentence beginnings[] = {
    {"Expected is one of ( ", "Forventet er et af ( "},
    {"Expected is ( ", "Forventet er ( "},
};

const char *detail_in_danish(const char *detail, struct arena *arena)
{
    for (size_t i = 0; detail && i < sizeof sentences / sizeof sentences[0]; i++)
        if (strcmp(detail, sentences[i].english) == 0)
            return sentences[i].danish;
    for (size_t i = 0; detail && i < sizeof beginnings / sizeof beginnings[0]; i++) {
        size_t size = strlen(beginnings[i].english);

        if (strncmp(detail, beginnings[i].english, size) == 0)
            return arena_format(arena, "%s%s", beginnings[i].danish, detail + size);
    }
    return NULL;
}
