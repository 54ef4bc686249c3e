#include "gateway/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENDER FAULT_SENDER
#define READER FAULT_READER
#define OPERATOR FAULT_OPERATOR
#define RETRY true
#define NO_RETRY false

const struct error_kind error_kinds[ERROR_COUNT] = {
    [ERROR_NONE] = {200, "none",                                OPERATOR, NO_RETRY, "No error.",                                            "Ingen fejl."                                                                               },

 /* how the service is called */
    [ERROR_NOT_FOUND] = {404, "not.found",                           SENDER,   NO_RETRY, "There is nothing here, or it is not yours.",
                    "Her er ikke noget, eller det er ikke dit."                                                                                                                                                                         },
    [ERROR_METHOD_NOT_ALLOWED] = {405, "method.not.allowed",                  SENDER,   NO_RETRY,
                    "This address does not take this method; the header Allow lists those it takes.",                                       "Adressen kan ikke kaldes med denne metode; headeren Allow viser de mulige."                },
    [ERROR_NOT_ACCEPTABLE] = {406, "not.acceptable",                      SENDER,   NO_RETRY,
                    "The answer cannot be given in any form the header Accept allows.",                                                     "Svaret findes ikke i en form, som headeren Accept tillader."                               },
    [ERROR_REQUEST_TIMEOUT] = {408, "request.timeout",                     SENDER,   RETRY,    "The request did not arrive in time.",
                    "Forespørgslen nåede ikke frem i tide."                                                                                                                                                                           },
    [ERROR_LENGTH_REQUIRED] = {411, "length.required",                     SENDER,   NO_RETRY, "The header Content-Length is missing.",
                    "Headeren Content-Length mangler."                                                                                                                                                                                  },
    [ERROR_BODY_TOO_LARGE] = {413, "body.too.large",                      SENDER,   NO_RETRY, "The body is larger than is allowed here.",
                    "Indholdet er større end tilladt her."                                                                                                                                                                             },
    [ERROR_MEDIA_TYPE] = {415, "media.type.not.supported",            SENDER,   NO_RETRY,
                    "The Content-Type is not one that this address takes.",                                                                 "Adressen tager ikke imod denne Content-Type."                                              },
    [ERROR_BUNDLE_NOT_SERVED] =
        {415, "bundle.not.served",                   SENDER,   NO_RETRY,
                    "This build takes single MeMos only, not tar.lzma bundles; send the messages one by one.",                              "Denne udgave tager kun imod enkelte MeMo'er, ikke tar.lzma-arkiver; send dem enkeltvis."   },
    [ERROR_TOO_MANY_REQUESTS] = {429, "too.many.requests",                   SENDER,   RETRY,
                    "Too many requests; wait as the header Retry-After says.",                                                              "For mange forespørgsler; vent som headeren Retry-After angiver."                          },
    [ERROR_REQUEST_MALFORMED] = {400, "request.malformed",                   SENDER,   NO_RETRY, "The request is not well-formed HTTP.",
                    "Forespørgslen er ikke velformet HTTP."                                                                                                                                                                            },
    [ERROR_BODY_CUT_OFF] = {400, "body.cut.off",                        SENDER,   RETRY,    "The body ended before its Content-Length.",
                    "Indholdet sluttede før den angivne Content-Length."                                                                                                                                                               },
    [ERROR_PARAMETER_MISSING] = {400, "parameter.missing",                   SENDER,   NO_RETRY, "A required query parameter is missing.",
                    "En påkrævet parameter mangler."                                                                                                                                                                                  },
    [ERROR_PARAMETER_INVALID] = {400, "parameter.invalid",                   SENDER,   NO_RETRY,
                    "A query parameter has an impossible value.",                                                                           "En parameter har en umulig værdi."                                                        },
    [ERROR_PARAMETER_UNKNOWN] = {400, "parameter.unknown",                   SENDER,   NO_RETRY, "A query parameter is not known here.",
                    "En parameter kendes ikke her."                                                                                                                                                                                     },
    [ERROR_PAGE_TOO_LARGE] = {400, "page.too.large",                      SENDER,   NO_RETRY, "The parameter size may be 1 to 1000.",
                    "Parameteren size skal være fra 1 til 1000."                                                                                                                                                                       },
    [ERROR_PAGE_TOO_DEEP] = {400, "page.too.deep",                       SENDER,   NO_RETRY,
                    "page x size is above 10,000; follow the list with the parameter next instead.",                                        "page x size er over 10.000; følg i stedet listen med parameteren next."                   },
    [ERROR_JSON_MALFORMED] = {400, "json.malformed",                      SENDER,   NO_RETRY, "The body is not the JSON expected here.",
                    "Indholdet er ikke den JSON, der forventes her."                                                                                                                                                                    },
    [ERROR_HEADER_REPEATED] = {400, "header.repeated",                     SENDER,   NO_RETRY,
                    "A header that may stand once was sent more than once.",                                                                "En header, der kun må stå én gang, er sendt flere gange."                               },

 /* who calls */
    [ERROR_CERTIFICATE_MISSING] = {401, "certificate.missing",                 SENDER,   NO_RETRY,
                    "No client certificate was shown; this port needs one.",                                                                "Der blev ikke vist et klientcertifikat; denne port kræver et."                            },
    [ERROR_CERTIFICATE_NOT_TRUSTED] = {401, "certificate.not.trusted",             SENDER,   NO_RETRY,
                    "The client certificate was not issued by a trusted issuer.",                                                           "Klientcertifikatet er ikke udstedt af en betroet udsteder."                                },
    [ERROR_CERTIFICATE_EXPIRED] = {401, "certificate.expired",                 SENDER,   NO_RETRY,
                    "The client certificate is expired or not yet valid.",                                                                  "Klientcertifikatet er udløbet eller endnu ikke gyldigt."                                  },
    [ERROR_CERTIFICATE_REVOKED] = {401, "certificate.revoked",                 SENDER,   NO_RETRY, "The client certificate is revoked.",
                    "Klientcertifikatet er spærret."                                                                                                                                                                                   },
    [ERROR_CERTIFICATE_SUBJECT] =
        {401, "certificate.subject.not.usable",      SENDER,   NO_RETRY,
                    "The client certificate does not name an organisation and a subject UUID as OCES3 does.",                               "Klientcertifikatet angiver ikke organisation og UUID, som OCES3 gør."                     },
    [ERROR_CERTIFICATE_NOT_REGISTERED] = {401, "certificate.not.registered",          SENDER,   NO_RETRY,
                    "The client certificate is not registered with any system.",                                                            "Klientcertifikatet er ikke registreret på noget system."                                  },
    [ERROR_BASIC_MISSING] = {401, "authorization.missing",               SENDER,   NO_RETRY,
                    "The header Authorization: Basic with system id and token is missing.",                                                 "Headeren Authorization: Basic med system-id og token mangler."                             },
    [ERROR_BASIC_MALFORMED] = {401, "authorization.malformed",             SENDER,   NO_RETRY,
                    "The header Authorization is not Basic base64(systemId:token).",                                                        "Headeren Authorization er ikke Basic base64(systemId:token)."                              },
    [ERROR_BASIC_WRONG] = {401, "authorization.wrong",                 SENDER,   NO_RETRY,
                    "System id and token do not belong to a system that this certificate may use.",                                         "System-id og token hører ikke til et system, som certifikatet må bruge."                 },
    [ERROR_SYSTEM_INACTIVE] = {403, "system.inactive",                     SENDER,   NO_RETRY, "The system is not active now.",
                    "Systemet er ikke aktivt nu."                                                                                                                                                                                       },
    [ERROR_SYSTEM_NOT_SENDER] = {403, "system.type.not.allowed",             SENDER,   NO_RETRY,
                    "The system is not registered for this kind of call.",                                                                  "Systemet er ikke registreret til denne slags kald."                                        },
    [ERROR_ADDRESS_NOT_ALLOWED] = {403, "address.not.allowed",                 SENDER,   NO_RETRY,
                    "The system may not call from this network address.",                                                                   "Systemet må ikke kalde fra denne netværksadresse."                                       },
    [ERROR_SENDER_NOT_ALLOWED] = {403, "sender.not.allowed",                  SENDER,   NO_RETRY,
                    "The sender in the message is not the organisation that owns the system.",                                              "Meddelelsens afsender er ikke den organisation, der ejer systemet."                        },
    [ERROR_CALLER_KIND] = {403, "caller.not.allowed",                  SENDER,   NO_RETRY,
                    "This address does not serve this kind of caller.",                                                                     "Adressen betjener ikke denne slags kalder."                                                },

 /* the service itself */
    [ERROR_INTERNAL] = {500, "internal.error",                      OPERATOR, RETRY,    "The service failed; it was not your request's fault.",
                    "Tjenesten fejlede; det skyldes ikke din forespørgsel."                                                                                                                                                            },
    [ERROR_OUT_OF_MEMORY] = {503, "out.of.memory",                       OPERATOR, RETRY,    "The service has no room for this request now.",
                    "Tjenesten har ikke plads til forespørgslen nu."                                                                                                                                                                   },
    [ERROR_STORE_UNAVAILABLE] = {503, "store.unavailable",                   OPERATOR, RETRY,
                    "The store is not reachable; nothing was kept. Send the same again later.",                                             "Lageret kan ikke nås; intet er gemt. Send det samme igen senere."                         },
    [ERROR_STORE_BUSY] = {503, "store.busy",                          OPERATOR, RETRY,
                    "The store has too much waiting; nothing was kept. Send the same again later.",                                         "Lageret har for meget i kø; intet er gemt. Send det samme igen senere."                   },
    [ERROR_STORE_FULL] = {503, "store.full",                          OPERATOR, RETRY,
                    "The store has no room for new mail; nothing was kept. Send the same again later.",                                     "Lageret har ikke plads til ny post; intet er gemt. Send det samme igen senere."            },
    [ERROR_STORE_UNSURE] = {503, "store.unsure",                        OPERATOR, RETRY,
                    "The store did not answer in time, so it is not known whether this was kept. Send the same "
                            "again; it is never kept twice.",                                                                               "Lageret svarede ikke i tide, så det vides ikke, om dette blev gemt. Send det samme igen; "
                            "det gemmes aldrig to gange."                                                                                                                  },
    [ERROR_STORE_CORRUPT] = {500, "store.corrupt",                       OPERATOR, NO_RETRY, "The store holds something it should not.",
                    "Lageret indeholder noget, det ikke burde."                                                                                                                                                                         },
    [ERROR_STORE_LOCKED] = {503, "store.locked",                        OPERATOR, RETRY,    "Another process holds the writer's lock.",
                    "En anden proces har skriverens lås."                                                                                                                                                                              },
    [ERROR_SPOOL_FAILED] =
        {503, "spool.failed",                        OPERATOR, RETRY,
                    "The service could not set the contents aside; nothing was kept. Send the same again later.",                           "Tjenesten kunne ikke lægge indholdet til side; intet er gemt. Send det samme igen senere."},
    [ERROR_CONFIG_INVALID] = {500, "config.invalid",                      OPERATOR, NO_RETRY, "The settings are not usable.",
                    "Indstillingerne kan ikke bruges."                                                                                                                                                                                  },
    [ERROR_ROLE_NOT_ALLOWED] = {500, "role.not.allowed",                    OPERATOR, NO_RETRY, "The process may not do this in its role.",
                    "Processen må ikke dette i sin rolle."                                                                                                                                                                             },
    [ERROR_CHANGE_MALFORMED] = {500, "change.malformed",                    OPERATOR, NO_RETRY,
                    "A change for the store is not well-formed.",                                                                           "En ændring til lageret er ikke velformet."                                                },
    [ERROR_ALREADY_EXISTS] = {409, "already.exists",                      SENDER,   NO_RETRY, "There is one already.",                                "Den findes allerede."                                                                      },
    [ERROR_UNAVAILABLE] = {503, "service.unavailable",                 OPERATOR, RETRY,
                    "The service is not able to answer now. Send the same again later.",                                                    "Tjenesten kan ikke svare nu. Send det samme igen senere."                                  },

 /* XML and the limits before it */
    [ERROR_XML_MALFORMED] = {400, "xml.malformed",                       SENDER,   NO_RETRY, "The document is not well-formed XML.",
                    "Dokumentet er ikke velformet XML."                                                                                                                                                                                 },
    [ERROR_XML_NOT_UTF8] = {400, "xml.not.utf8",                        SENDER,   NO_RETRY, "The document holds bytes that are not UTF-8.",
                    "Dokumentet indeholder bytes, der ikke er UTF-8."                                                                                                                                                                   },
    [ERROR_XML_ENCODING] = {400, "xml.encoding.not.allowed",            SENDER,   NO_RETRY,
                    "The document declares another encoding than UTF-8.",                                                                   "Dokumentet angiver en anden tegnkodning end UTF-8."                                        },
    [ERROR_XML_DOCTYPE] = {400, "xml.doctype.not.allowed",             SENDER,   NO_RETRY, "A DOCTYPE is not allowed.",
                    "DOCTYPE er ikke tilladt."                                                                                                                                                                                          },
    [ERROR_XML_INSTRUCTION] = {400, "xml.instruction.not.allowed",         SENDER,   NO_RETRY,
                    "Processing instructions are not allowed.",                                                                             "Behandlingsinstruktioner er ikke tilladt."                                                 },
    [ERROR_XML_ATTRIBUTES] = {400, "xml.too.many.attributes",             SENDER,   NO_RETRY, "A tag has too many attributes.",
                    "Et tag har for mange attributter."                                                                                                                                                                                 },
    [ERROR_XML_TAG_SIZE] = {400, "xml.tag.too.large",                   SENDER,   NO_RETRY, "A tag is too large.",                                  "Et tag er for stort."                                                                      },
    [ERROR_XML_DEPTH] = {400, "xml.too.deep",                        SENDER,   NO_RETRY, "Elements are nested too deeply.",
                    "Elementer er indlejret for dybt."                                                                                                                                                                                  },
    [ERROR_XML_ELEMENTS] = {400, "xml.too.many.elements",               SENDER,   NO_RETRY, "The document has too many elements.",
                    "Dokumentet har for mange elementer."                                                                                                                                                                               },
    [ERROR_XML_SKELETON_SIZE] = {400, "xml.too.large",                       SENDER,   NO_RETRY,
                    "The document without its file contents is too large.",                                                                 "Dokumentet uden filindhold er for stort."                                                  },
    [ERROR_XML_CONTENT_NOT_PLAIN] = {400, "xml.content.not.plain",               SENDER,   NO_RETRY,
                    "A content element must hold one run of base64 and nothing else.",                                                      "Et content-element må kun indeholde én sammenhængende base64-tekst."                    },
    [ERROR_XML_EMPTY] = {400, "xml.empty",                           SENDER,   NO_RETRY, "The document is empty.",                               "Dokumentet er tomt."                                                                       },

 /* schema and base64 */
    [ERROR_SCHEMA_ELEMENT] = {400, "schema.element",                      SENDER,   NO_RETRY,
                    "An element is missing, unknown, or not allowed at this place.",                                                        "Et element mangler, er ukendt eller må ikke stå her."                                    },
    [ERROR_SCHEMA_ATTRIBUTE] = {400, "schema.attribute",                    SENDER,   NO_RETRY, "An attribute is missing or not allowed.",
                    "En attribut mangler eller er ikke tilladt."                                                                                                                                                                        },
    [ERROR_SCHEMA_VALUE] = {400, "schema.value",                        SENDER,   NO_RETRY, "A value does not have the form its type requires.",
                    "En værdi har ikke den form, typen kræver."                                                                                                                                                                       },
    [ERROR_SCHEMA_BASE64] = {400, "schema.base64",                       SENDER,   NO_RETRY, "A file's content is not base64.",
                    "En fils indhold er ikke base64."                                                                                                                                                                                   },
    [ERROR_SCHEMA_INVALID] = {400, "schema.invalid",                      SENDER,   NO_RETRY, "The document does not follow the schema.",
                    "Dokumentet følger ikke skemaet."                                                                                                                                                                                  },

 /* rules of a MeMo */
    [ERROR_MEMO_ROOT] = {400, "root.element.not.allowed",            SENDER,   NO_RETRY,
                    "The root element must be Message of the MeMo namespace.",                                                              "Rodelementet skal være Message i MeMo-navnerummet."                                       },
    [ERROR_MEMO_VERSION] = {400, "memo.version.not.supported",          SENDER,   NO_RETRY, "memoVersion must be 1.1 or 1.2.",
                    "memoVersion skal være 1.1 eller 1.2."                                                                                                                                                                             },
    [ERROR_MESSAGE_UUID_MISMATCH] = {400, "message.uuid.mismatch",               SENDER,   NO_RETRY,
                    "The parameter memo-message-uuid is not the message's messageUUID.",                                                    "Parameteren memo-message-uuid er ikke meddelelsens messageUUID."                           },
    [ERROR_MESSAGE_UUID_TAKEN] = {409, "message.uuid.already.used",           SENDER,   NO_RETRY,
                    "This messageUUID was used for another message; take a new one.",                                                       "Dette messageUUID er brugt til en anden meddelelse; vælg et nyt."                         },
    [ERROR_SENDER_ID_TYPE] = {400, "sender.id.type.not.allowed",          SENDER,   NO_RETRY, "The sender's idType must be CVR.",
                    "Afsenderens idType skal være CVR."                                                                                                                                                                                },
    [ERROR_SENDER_ID] = {400, "sender.id.format.not.allowed",        SENDER,   NO_RETRY,
                    "The sender's id does not have the form of its idType (CVR: 8 digits).",                                                "Afsenderens id har ikke den form, idType kræver (CVR: 8 cifre)."                          },
    [ERROR_RECIPIENT_ID_TYPE] = {400, "recipient.id.type.not.allowed",       SENDER,   NO_RETRY,
                    "The recipient's idType must be CPR or CVR.",                                                                           "Modtagerens idType skal være CPR eller CVR."                                              },
    [ERROR_RECIPIENT_ID] = {400, "recipient.id.format.not.allowed",     SENDER,   NO_RETRY,
                    "The recipient's id does not have the form of its idType (CPR: 10 digits, CVR: 8).",                                    "Modtagerens id har ikke den form, idType kræver (CPR: 10 cifre, CVR: 8)."                 },
    [ERROR_ACTION_CODE] = {400, "action.code.not.allowed",             SENDER,   NO_RETRY,
                    "The actionCode is not one of the known ones.",                                                                         "actionCode er ikke en af de kendte."                                                       },
    [ERROR_ACTION_CONTENT] = {400, "action.content.not.allowed",          SENDER,   NO_RETRY,
                    "The action AFTALE needs a Reservation, every other action an EntryPoint.",                                             "Handlingen AFTALE kræver Reservation, alle andre kræver EntryPoint."                     },
    [ERROR_ACTION_URL] = {400, "action.url.not.allowed",              SENDER,   NO_RETRY,
                    "An EntryPoint url must be absolute and begin with https://.",                                                          "url i EntryPoint skal være absolut og begynde med https://."                              },
    [ERROR_FILE_NAME] = {400, "file.name.not.allowed",               SENDER,   NO_RETRY,
                    "A file name holds a character that is not allowed.",                                                                   "Et filnavn indeholder et forbudt tegn."                                                    },
    [ERROR_FILE_EXTENSION] = {400, "file.extension.not.allowed",          SENDER,   NO_RETRY, "The file type is not allowed.",
                    "Filtypen er ikke tilladt."                                                                                                                                                                                         },
    [ERROR_FILE_EMPTY] = {400, "file.empty.not.allowed",              SENDER,   NO_RETRY, "A file is empty.",                                     "En fil er tom."                                                                            },
    [ERROR_CONTACT_POINT_ID] = {400, "contact.point.id.format.not.allowed", SENDER,   NO_RETRY,
                    "A contactPointID is not a UUID.",                                                                                      "Et contactPointID er ikke et UUID."                                                        },
    [ERROR_DELIVERY_DATE_EARLY] = {400, "do.not.deliver.until.date.too.early", SENDER,   NO_RETRY,
                    "doNotDeliverUntilDate is in the past.",                                                                                "doNotDeliverUntilDate ligger i fortiden."                                                  },
    [ERROR_DELIVERY_DATE_LATE] = {400, "do.not.deliver.until.date.too.late",  SENDER,   NO_RETRY,
                    "doNotDeliverUntilDate is too far ahead.",                                                                              "doNotDeliverUntilDate ligger for langt ude i fremtiden."                                   },
    [ERROR_NOTIFICATION_EMPTY] = {400, "empty.notification.not.allowed",      SENDER,   NO_RETRY,
                    "A NEMSMS needs a notification text.",                                                                                  "En NEMSMS kræver en notifikationstekst."                                                  },
    [ERROR_NOTIFICATION_LENGTH] = {400, "notification.too.long",               SENDER,   NO_RETRY, "The notification is too long.",
                    "Notifikationen er for lang."                                                                                                                                                                                       },
    [ERROR_BODY_MISSING] = {400, "message.body.missing",                SENDER,   NO_RETRY, "A DIGITALPOST message needs a MessageBody.",
                    "En DIGITALPOST-meddelelse kræver MessageBody."                                                                                                                                                                    },
    [ERROR_BODY_NOT_ALLOWED] = {400, "message.body.not.allowed",            SENDER,   NO_RETRY, "A NEMSMS has no MessageBody.",
                    "En NEMSMS har ikke MessageBody."                                                                                                                                                                                   },
    [ERROR_TOO_MANY_DOCUMENTS] = {400, "too.many.additional.documents",       SENDER,   NO_RETRY,
                    "There are too many additional documents.",                                                                             "Der er for mange bilag."                                                                   },
    [ERROR_TOO_MANY_FILES] = {400, "too.many.files",                      SENDER,   NO_RETRY, "There are too many files.",
                    "Der er for mange filer."                                                                                                                                                                                           },
    [ERROR_CONTENT_TOO_LARGE] = {400, "content.too.large",                   SENDER,   NO_RETRY,
                    "The files are together larger than is allowed.",                                                                       "Filerne er tilsammen større end tilladt."                                                 },
    [ERROR_MANDATORY_NOT_ALLOWED] = {400, "mandatory.not.allowed",               SENDER,   NO_RETRY,
                    "The sender may not send mandatory post.",                                                                              "Afsenderen må ikke sende obligatorisk post."                                              },
    [ERROR_LEGAL_NOT_ALLOWED] = {400, "legal.notification.not.allowed",      SENDER,   NO_RETRY,
                    "The sender may not send legal notifications.",                                                                         "Afsenderen må ikke sende forkyndelser."                                                   },
    [ERROR_NEMSMS_NOT_SERVED] = {400, "nemsms.not.served",                   OPERATOR, NO_RETRY, "This build does not deliver NemSMS.",
                    "Denne udgave leverer ikke NemSMS."                                                                                                                                                                                 },
    [ERROR_RECIPIENT_NOT_FOUND] = {400, "recipient.not.found",                 SENDER,   NO_RETRY,
                    "The recipient has no mailbox in Digital Post.",                                                                        "Modtageren har ikke en postkasse i Digital Post."                                          },
    [ERROR_RECIPIENT_EXEMPT] = {400, "recipient.exempt",                    SENDER,   NO_RETRY,
                    "The recipient is exempt from Digital Post; send by letter.",                                                           "Modtageren er fritaget for Digital Post; send som brev."                                   },
    [ERROR_RECIPIENT_CLOSED] = {400, "recipient.closed",                    SENDER,   NO_RETRY, "The recipient's mailbox is closed.",
                    "Modtagerens postkasse er lukket."                                                                                                                                                                                  },
};

const struct error_kind *error_kind(enum error_code code)
{
    if ((unsigned)code >= ERROR_COUNT)
        code = ERROR_INTERNAL;
    return &error_kinds[code];
}

const char *fault_name(enum fault fault)
{
    static const char *const names[FAULT_COUNT] = {"sender", "recipient", "reader", "operator"};

    return names[fault];
}

bool error_set(struct error *error, enum error_code code, const char *where, const char *format, ...)
{
    error->code = code;
    error->retry_after = 0;
    snprintf(error->where, sizeof error->where, "%s", where ? where : "");
    error->detail[0] = '\0';
    if (format) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(error->detail, sizeof error->detail, format, arguments);
        va_end(arguments);
    }
    return false;
}
