/* The duties a process can have. One name each, used for users, pools, sockets, statements, log lines and metrics. */
#ifndef GATEWAY_BASE_ROLE_H
#define GATEWAY_BASE_ROLE_H

enum role {
    ROLE_SENDER,     /* takes submissions; parses strangers' XML */
    ROLE_RECEIPT,    /* receipts and pull */
    ROLE_READER,     /* mailboxes, for portals */
    ROLE_MONITOR,    /* health and metrics */
    ROLE_DISPATCHER, /* the one process with an outward network */
    ROLE_WRITER,     /* the one process that writes */
    ROLE_CLI,        /* dpctl */
    ROLE_SUPERVISOR, /* starts the others */
    ROLE_COUNT
};

#define POOL_COUNT (ROLE_MONITOR + 1) /* the roles up to here are pools of FastCGI workers behind nginx */

#define ROLE_SET(role) (1u << (role))

/* "sender", "receipt", ...; static. */
const char *role_name(enum role role);

#endif
