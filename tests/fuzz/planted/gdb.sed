# emu/core/gdb.c
/len = RK_MIN(len, (uint32_t)sizeof data);/d
