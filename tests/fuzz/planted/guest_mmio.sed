# emu/periph/flash.c
s/s->ar - FLASH_BASE >= dev->nv_size/false/
