/* The bus within one process passes the suite. */
#include "server/bus/suite.h"

int main(void) {
    return rk_bus_suite_run("bus_inproc", rk_bus_inproc_new, NULL);
}
