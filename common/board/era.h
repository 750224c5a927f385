/* Eras of the Spark Core's firmware (core-hardware.md 0), as bits so that a fact can hold for
 * several. Boards of later platforms have no era.
 */
#ifndef RK_COMMON_BOARD_ERA_H
#define RK_COMMON_BOARD_ERA_H

enum rk_era {
    RK_ERA_NONE = 0,
    RK_ERA_E0 = 1, /* spark_0, October 2013 */
    RK_ERA_E1 = 2, /* spark_3 to spark_11, March to October 2014; deep_update, radio patchers */
    RK_ERA_E2 = 4, /* v0.4.0 to v0.6.0 */
    RK_ERA_E3 = 8, /* v0.6.1 to v1.4.4 */
    RK_ERA_E0_E1 = 3,
    RK_ERA_E0_E2 = 7,
    RK_ERA_E1_E2 = 6,
    RK_ERA_E1_E3 = 14,
    RK_ERA_E2_E3 = 12,
    RK_ERA_ALL = 15,
};

#endif
