/* The table behind error.h. */
#include "common/base/error.h"

static const struct rk_error_info errors[] = {
#define RK_ERROR(name, number, exit_code, text, remedy)                                            \
    {RK_E_##name, exit_code, #name, text, remedy},
#include "common/base/error.def"
#undef RK_ERROR
};

const struct rk_error_info *rk_error_info(int error) {
    for (size_t i = 0; i < RK_COUNT(errors); i++) {
        if (errors[i].error == error) {
            return &errors[i];
        }
    }
    return &errors[0];
}

const struct rk_error_info *rk_error_at(size_t idx) {
    return idx < RK_COUNT(errors) ? &errors[idx] : NULL;
}
