/* dpctl, the operator's program. */
#include "handlers/cli/cli.h"

int main(int argc, char **argv)
{
    return cli_run(argc, argv, stdout, stderr);
}
