#include "gateway/base/role.h"

const char *role_name(enum role role)
{
    static const char *const names[ROLE_COUNT] = {
        [ROLE_SENDER] = "sender",   [ROLE_RECEIPT] = "receipt",       [ROLE_READER] = "reader",
        [ROLE_MONITOR] = "monitor", [ROLE_DISPATCHER] = "dispatcher", [ROLE_WRITER] = "writer",
        [ROLE_CLI] = "cli",         [ROLE_SUPERVISOR] = "supervisor",
    };

    return names[role];
}
