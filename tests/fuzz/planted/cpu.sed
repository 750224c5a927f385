# emu/cpu/slope.c
/rk_slope_limit(s, turns_same_nz(res, sres));/d
